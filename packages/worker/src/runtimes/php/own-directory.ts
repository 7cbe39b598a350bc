const absolutePath = /\/[^\s:]+/g;
const ownDirectory = '/.relais/';

/** A text that names files without the directory in which a process keeps its plain source, however deep that lies. */
export function withoutOwnDirectory(text: string): string {
  return text.replace(absolutePath, (path) => {
    const at = path.lastIndexOf(ownDirectory);
    return at > 0 ? path.slice(at + ownDirectory.length) : path;
  });
}
