import type { FunctionVersion, HttpHeader, HttpRequest } from '@relais/contracts';
import type { Call } from './runtime.js';

/** A variable's name and value; neither holds NUL, the name no "=". */
export type Variable = readonly [name: string, value: string];

/**
 * What a program of one version finds in its environment on one call: the user's variables, RELAIS_FUNCTION_NAME,
 * RELAIS_FUNCTION_ID, RELAIS_FUNCTION_VERSION, RELAIS_INVOCATION_ID, RELAIS_ATTEMPT, RELAIS_REMAINING_MS (what was left
 * of the time budget when the call began), TRACEPARENT, TRACESTATE where the caller sent one, and for an HTTP trigger the CGI variables.
 * A later source wins over an earlier one, and the user cannot set RELAIS_*.
 */
export function programEnvironment(version: FunctionVersion, call: Call): Record<string, string> {
  return Object.fromEntries([
    ...versionVariables(version),
    ...secretVariables(call),
    ...callVariables(version.name, call),
  ]);
}

/** The part of the environment that is the same for every call of a version. Names are unique. */
export function versionVariables(version: FunctionVersion): Variable[] {
  const user = Object.entries(version.config?.env ?? {}).filter(
    ([name, value]) => isVariable(name, value) && !/^RELAIS_/i.test(name),
  );
  return [
    ...user,
    ['RELAIS_FUNCTION_NAME', version.name],
    ['RELAIS_FUNCTION_ID', version.id],
    ['RELAIS_FUNCTION_VERSION', String(version.version)],
  ];
}

/** The secrets of a call. No name is one of the user's or of ours. */
export function secretVariables({ secrets }: Call): Variable[] {
  return secrets ? Object.entries(secrets) : [];
}

/** The part of the environment that differs from call to call. Names are unique. */
export function callVariables(functionName: string, call: Call): Variable[] {
  const variables: Variable[] = [
    ['RELAIS_INVOCATION_ID', call.invocationId],
    ['RELAIS_ATTEMPT', String(call.attempt)],
    ['RELAIS_REMAINING_MS', String(Math.max(0, Math.floor(call.budgetMs)))],
  ];
  if (call.traceparent) variables.push(['TRACEPARENT', call.traceparent]);
  if (call.tracestate) variables.push(['TRACESTATE', call.tracestate]);
  if (call.http) variables.push(...cgiVariables(functionName, call.http, call.payload.length));
  return variables;
}

/** RFC 3875 variables of a request. Their number and size are bounded by the gateway's bound on headers. */
function cgiVariables(functionName: string, http: HttpRequest, payloadBytes: number): Variable[] {
  const headers = joinHeaders(http.headers);
  const variables: Variable[] = [
    ['GATEWAY_INTERFACE', 'CGI/1.1'],
    ['SERVER_PROTOCOL', 'HTTP/1.1'],
    ['REQUEST_METHOD', http.method],
    ['SCRIPT_NAME', `/fn/${functionName}`],
    ['PATH_INFO', decodedPath(http.path)],
    ['QUERY_STRING', http.query],
    ['CONTENT_TYPE', headers.get('content-type') ?? ''],
    ['CONTENT_LENGTH', String(payloadBytes)],
  ];
  for (const [name, value] of headers) {
    if (!unlistedHeaders.has(name)) variables.push([`HTTP_${name.toUpperCase().replaceAll('-', '_')}`, value]);
  }
  return variables.filter(([name, value]) => isVariable(name, value));
}

// "proxy" would become HTTP_PROXY, which HTTP clients obey; the other two have variables of their own.
const unlistedHeaders: ReadonlySet<string> = new Set(['proxy', 'content-type', 'content-length']);

function joinHeaders(headers: readonly HttpHeader[]): Map<string, string> {
  const joined = new Map<string, string>();
  for (const { name, value } of headers) {
    const key = name.toLowerCase();
    // An underscore would become the same variable as a hyphen and could forge it.
    if (!/^[a-z0-9-]+$/.test(key)) continue;
    const before = joined.get(key);
    const separator = key === 'cookie' ? '; ' : ', ';
    joined.set(key, before === undefined ? value : `${before}${separator}${value}`);
  }
  return joined;
}

function decodedPath(path: string): string {
  try {
    const decoded = decodeURIComponent(path);
    return decoded.includes('\0') ? path : decoded;
  } catch {
    return path;
  }
}

function isVariable(name: string, value: string): boolean {
  return name !== '' && !name.includes('=') && !name.includes('\0') && !value.includes('\0');
}
