import { isIP } from 'node:net';
import { RelaisError } from '@relais/kit';
import type { ServerRequest } from '../net/messages.js';

const knownAuthoritiesMax = 256;

/** What is wrong with a request if a browser sent it. */
export interface Foreign {
  readonly kind: 'host' | 'origin';
  readonly error: RelaisError;
}

/**
 * Tells requests that a page of another site may have had a browser send. Such a page can name this machine in a URL,
 * or let its own name point here (DNS rebinding), and the browser sits where the operator sits.
 */
export class BrowserRules {
  readonly #hosts: ReadonlySet<string>;
  // Clients send the same authority over and over; each is judged once.
  readonly #known = new Set<string>();

  /** `hosts`: names this platform answers to beside localhost and IP addresses, as NAME or NAME:PORT. */
  constructor(hosts: readonly string[]) {
    this.#hosts = new Set(hosts.map((host) => host.toLowerCase()));
  }

  /** Undefined when the request cannot be another site's doing. */
  foreign(request: ServerRequest): Foreign | undefined {
    const { headers } = request;
    const authority = headers[':authority'] ?? headers.host;
    // HTTP/1.0 knows no Host, and no browser speaks it.
    if (typeof authority === 'string' && !this.#isOurs(authority)) return foreignHost(authority);
    const { origin } = headers;
    if (origin !== undefined && !this.#isOwnOrigin(origin, String(authority ?? ''))) return foreignOrigin(origin);
    const site = headers['sec-fetch-site'];
    if (site === undefined || site === 'same-origin' || site === 'none' || isVisit(request)) return undefined;
    return origin === undefined ? foreignOrigin(`a ${String(site)} page`) : undefined;
  }

  #isOurs(authority: string): boolean {
    if (this.#known.has(authority)) return true;
    if (!this.#isAllowed(authority.toLowerCase())) return false;
    if (this.#known.size < knownAuthoritiesMax) this.#known.add(authority);
    return true;
  }

  #isAllowed(authority: string): boolean {
    const name = /^(\[[0-9a-f:.]+\]|[^:@/\\]+)(?::\d{1,5})?$/.exec(authority)?.[1];
    if (name === undefined) return false;
    if (this.#hosts.has(authority) || this.#hosts.has(name)) return true;
    // Nobody's name service can make an address, or what browsers themselves take for this machine, point elsewhere.
    return isIP(name.replace(/^\[|\]$/g, '')) !== 0 || name === 'localhost' || name.endsWith('.localhost');
  }

  // The scheme may differ from ours: a proxy before us may speak TLS.
  #isOwnOrigin(origin: string, authority: string): boolean {
    const url = /^https?:\/\/[^/]+$/.test(origin) ? URL.parse(origin) : null;
    if (!url) return false;
    const host = url.host.toLowerCase();
    return this.#hosts.has(host) || host === withoutDefaultPort(authority.toLowerCase(), url.protocol);
  }
}

/** A person who follows a link to the start page: it does nothing and its answer goes to them alone. */
function isVisit({ headers, method, url }: ServerRequest): boolean {
  const isReading = method === 'GET' || method === 'HEAD';
  return (
    isReading && url === '/' && headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document'
  );
}

function withoutDefaultPort(authority: string, protocol: string): string {
  const port = protocol === 'https:' ? ':443' : ':80';
  return authority.endsWith(port) && !authority.endsWith(`:${port}`) ? authority.slice(0, -port.length) : authority;
}

function foreignHost(authority: string): Foreign {
  const shown = JSON.stringify(authority.slice(0, 120));
  const message = `This platform does not answer to the host ${shown}; if that is a name of its own, start it with --public-hosts and that name.`;
  return { kind: 'host', error: refusal('foreign_host', message) };
}

function foreignOrigin(origin: string): Foreign {
  const shown = JSON.stringify(origin.slice(0, 120));
  const message = `Requests of pages from elsewhere (${shown}) are refused; a function takes them when it is deployed with auth=public, or with that origin in cors.`;
  return { kind: 'origin', error: refusal('foreign_origin', message) };
}

function refusal(reason: string, message: string): RelaisError {
  return new RelaisError('permission_denied', message, { reason, component: 'gateway' });
}
