import type { OutgoingHttpHeaders } from 'node:http';

const policy =
  'sandbox allow-downloads allow-forms allow-modals allow-popups allow-popups-to-escape-sandbox allow-scripts';

/**
 * Puts what a function answers to a browser in an origin of its own: it shares ours with the console and the API, and a
 * deployed page must not act with the rights of whoever looks at it. A policy the function sets applies as well.
 */
export function sandboxed(headers: OutgoingHttpHeaders): OutgoingHttpHeaders {
  const own = headers['content-security-policy'];
  const policies = own === undefined ? policy : [own, policy].flat().map(String);
  return { ...headers, 'content-security-policy': policies as string };
}
