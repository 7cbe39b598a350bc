/** Path and query of a request target, percent-encoded; the absolute form that proxies send is understood too. */
export function splitTarget(target: string): { path: string; query: string } {
  const start = target.startsWith('/') ? 0 : startOfPath(target);
  const mark = target.indexOf('?', start);
  if (mark < 0) return { path: start === 0 ? target : target.slice(start) || '/', query: '' };
  return { path: target.slice(start, mark) || '/', query: target.slice(mark + 1) };
}

function startOfPath(target: string): number {
  const scheme = /^https?:\/\/[^/?]*/i.exec(target);
  return scheme ? scheme[0].length : 0;
}
