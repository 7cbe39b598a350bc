/** Where a function wants to go. */
export interface Target {
  /** A name in lower case without a dot at its end, or an IP address in its usual form, IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
}

/** For people, and for comparing. */
export function targetText({ host, port }: Target): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/**
 * Reads "HOST:PORT"; undefined when it is anything else, such as a path, or has no port. Numbers are read as network
 * libraries do, so that 0x7f.1 and 2130706433 are 127.0.0.1 here already.
 */
export function parseTarget(text: string): Target | undefined {
  const [, host = '', port = ''] = /^([\w.-]{1,253}|\[[0-9a-fA-F:.]{2,45}\]):(\d{1,5})$/.exec(text) ?? [];
  const number = Number(port);
  // What URL makes of it: no user, no path, and a host in its one form.
  const name = URL.parse(`http://${host}/`)?.hostname;
  return name && number >= 1 && number <= 65_535 ? { host: bare(name), port: number } : undefined;
}

/** The target of a URL. */
export function targetOf({ hostname, port }: URL): Target {
  return { host: bare(hostname), port: port === '' ? 80 : Number(port) };
}

function bare(hostname: string): string {
  return hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
}
