import { isUtf8 } from 'node:buffer';
import { invalid } from '../core/failures.js';
import { readBody, sourceBound } from '../net/read-body.js';
import { ok, type RestAnswer } from './answer.js';
import type { RestCall, RestShared } from './call.js';
import { deployParameters } from './deploy-parameters.js';
import { functionView } from './function-view.js';
import { decodeText, knownParameters } from './query.js';

const functionPrefix = '/function/';

/** POST or PUT /deploy: the raw body is the source, the query says the rest; PUT updates. */
export async function deploy(call: RestCall, shared: RestShared): Promise<RestAnswer> {
  const { config, filename, lang, name, update } = deployParameters(call.query);
  if (name === '') throw invalid('missing_name', 'Say what to call it: POST /deploy?name=NAME&lang=LANG.');
  const source = await readBody(call, shared, sourceBound);
  const input = { name, lang, filename, source, update: update || call.method === 'PUT', config };
  const { diagnostics, version } = await shared.core.deploy.run(input, call.caller);
  const { id, lang: canonical, wasm } = version;
  const warnings = diagnostics.length > 0 ? { warnings: diagnostics } : {};
  return ok({ id, name, lang: canonical, wasm, version: version.version, ...warnings }, 201);
}

/** GET /function/REFERENCE: one version with its source. */
export async function getFunction(call: RestCall, { core }: RestShared): Promise<RestAnswer> {
  knownParameters(call.query, []);
  const { isolationCost, source, version } = await core.catalog.get(
    decodeText(call.path.slice(functionPrefix.length), 'path'),
    call.caller,
  );
  const code = isUtf8(source)
    ? { code: source.toString('utf8') }
    : { code: source.toString('base64'), encoding: 'base64' };
  return ok({ ...functionView(version), ...(isolationCost ? { isolationCost } : {}), ...code });
}

/** GET /functions: a page of current versions. */
export async function listFunctions(call: RestCall, { core }: RestShared): Promise<RestAnswer> {
  const { pageSize, pageToken } = knownParameters(call.query, ['pageSize', 'pageToken']);
  const size = pageSize === undefined ? 0 : Number(pageSize || Number.NaN);
  const page = await core.catalog.list(size === 0 && pageSize !== undefined ? -1 : size, pageToken ?? '', call.caller);
  const next = page.nextPageToken ? { nextPageToken: page.nextPageToken } : {};
  return ok({ functions: page.versions.map(functionView), ...next });
}

/** DELETE /function/NAME: removes it with all its versions. */
export async function deleteFunction(call: RestCall, { core }: RestShared): Promise<RestAnswer> {
  knownParameters(call.query, []);
  const name = decodeText(call.path.slice(functionPrefix.length), 'path');
  return ok({ name, versionsDeleted: await core.catalog.delete(name, call.caller) });
}
