import { RelaisError } from '../errors/relais-error.js';

/**
 * Throws invalid_argument reason bad_key or bad_url for what no request can carry. Found by the request itself, the message
 * would repeat the key or the password, and say that the request may have arrived.
 */
export function checkAddress({ key, url }: { readonly url: string; readonly key?: string | undefined }): void {
  if (key !== undefined && !/^[!-~]*$/.test(key)) {
    throw refusal('bad_key', 'The key holds a character that no key has; copy it anew. Nothing was sent.');
  }
  const parsed = URL.parse(url);
  if (parsed && (parsed.username !== '' || parsed.password !== '')) {
    throw refusal('bad_url', 'The address of the platform names a user; give a key instead. Nothing was sent.');
  }
}

function refusal(reason: string, message: string): RelaisError {
  return new RelaisError('invalid_argument', message, { reason, fault: 'caller', component: 'sdk' });
}
