import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { Form, type FunctionVersion, type IsolationCost } from '@relais/contracts';
import type { functions } from '@relais/contracts/edge';

const forms: Partial<Record<Form, string>> = {
  [Form.FORM_PROGRAM]: 'program',
  [Form.FORM_HANDLER]: 'handler',
  [Form.FORM_STATIC]: 'static',
};

/** A version in the public contract's words. */
export function functionMessage(version: FunctionVersion): MessageInitShape<typeof functions.FunctionSchema> {
  const { config, id, lang, name, wasm } = version;
  return {
    id,
    name,
    lang,
    wasm,
    version: version.version,
    sizeBytes: version.sourceBytes,
    createdAt: timestampFromMs(version.createdAtMs),
    ...(config ? { config: { ...config, isolation: Number(config.isolation) } } : {}),
    form: forms[version.form] ?? '',
    sourceSha256: version.sourceDigest,
  };
}

/** What a version's isolation costs, as a field of an answer; none while it is not known. */
export function isolationCostMessage(cost: IsolationCost | undefined): {
  isolationCost?: MessageInitShape<typeof functions.IsolationCostSchema>;
} {
  if (!cost) return {};
  const { basis, newUs, resetUs, reuseUs } = cost;
  return {
    isolationCost: {
      basis,
      ...(newUs === undefined ? {} : { newUs }),
      ...(resetUs === undefined ? {} : { resetUs }),
      ...(reuseUs === undefined ? {} : { reuseUs }),
    },
  };
}
