/** Where a request goes, percent-encoded. */
export interface Target {
  readonly path: string;
  /** Without "?". */
  readonly query: string;
}

/** Path and query of a request target; the absolute form that proxies send is understood too. */
export function splitTarget(target: string): Target {
  const start = target.startsWith('/') ? 0 : startOfPath(target);
  const mark = target.indexOf('?', start);
  if (mark < 0) return { path: start === 0 ? target : target.slice(start) || '/', query: '' };
  return { path: target.slice(start, mark) || '/', query: target.slice(mark + 1) };
}

const triggerPrefix = '/fn/';

/** Reference and rest of the path of an HTTP trigger, percent-encoded; undefined when the path is none of one. */
export function splitTrigger(path: string): { reference: string; rest: string } | undefined {
  if (!path.startsWith(triggerPrefix)) return undefined;
  const slash = path.indexOf('/', triggerPrefix.length);
  if (slash < 0) return { reference: path.slice(triggerPrefix.length), rest: '' };
  return { reference: path.slice(triggerPrefix.length, slash), rest: path.slice(slash) };
}

/** The reference in the path of an HTTP trigger, decoded; as it came when it is malformed, which names no function. */
export function triggerReference(path: string): string | undefined {
  const reference = splitTrigger(path)?.reference;
  if (!reference?.includes('%')) return reference;
  try {
    return decodeURIComponent(reference);
  } catch {
    return reference;
  }
}

function startOfPath(target: string): number {
  const scheme = /^https?:\/\/[^/?]*/i.exec(target);
  return scheme ? scheme[0].length : 0;
}
