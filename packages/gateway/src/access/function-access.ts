import type { FunctionConfig } from '@relais/contracts';
import type { ServerRequest } from '../net/messages.js';

/** Whether a function's `cors` lets pages of an origin call it. Pages in a sandbox have the origin "null": only "*" means them. */
export function allowsOrigin(cors: readonly string[], origin: string): boolean {
  return cors.includes('*') || (origin !== 'null' && cors.includes(origin));
}

/** Whether a browser asks if a page may call the function, rather than calling it, and the function lets Relais say. */
export function isPreflight(cors: readonly string[], { headers, method }: ServerRequest): boolean {
  const asks = method === 'OPTIONS' && headers['access-control-request-method'] !== undefined;
  const { origin } = headers;
  return asks && origin !== undefined && allowsOrigin(cors, origin);
}

const originsMax = 32;

/** Adds what is wrong with who may call a function to the mistakes. Origins have the form in which browsers send them. */
export function checkAccess({ auth, cors }: FunctionConfig, mistakes: string[]): void {
  if (auth !== '' && auth !== 'public' && auth !== 'key') mistakes.push('auth must be public or key');
  if (cors.length > originsMax) mistakes.push(`cors may name at most ${originsMax} origins, not ${cors.length}`);
  for (const origin of cors) {
    if (origin === '*' || isOrigin(origin)) continue;
    mistakes.push(
      `cors ${JSON.stringify(origin.slice(0, 80))} is neither "*" nor an origin like "https://example.org"`,
    );
  }
}

function isOrigin(text: string): boolean {
  return /^https?:\/\//.test(text) && URL.parse(text)?.origin === text;
}
