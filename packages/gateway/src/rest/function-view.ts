import { Form, type FunctionVersion } from '@relais/contracts';
import { configView } from './config-view.js';

const forms: Partial<Record<Form, string>> = {
  [Form.FORM_PROGRAM]: 'program',
  [Form.FORM_HANDLER]: 'handler',
  [Form.FORM_STATIC]: 'static',
};

/** The form's public word: "program", "handler" or "static"; empty when unknown. */
export function formName(form: Form): string {
  return forms[form] ?? '';
}

/** A version as the REST answers show it. */
export function functionView(version: FunctionVersion): object {
  return {
    id: version.id,
    name: version.name,
    lang: version.lang,
    wasm: version.wasm,
    version: version.version,
    size: version.sourceBytes,
    form: formName(version.form),
    createdAt: new Date(version.createdAtMs).toISOString(),
    config: configView(version.config),
  };
}
