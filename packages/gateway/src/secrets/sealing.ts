import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

const algorithm = 'aes-256-gcm';
const nonceBytes = 12;
const tagBytes = 16;
// All functions of a platform share one.
const namespace = 'default';

/** A value as storage keeps it. */
export interface Sealed {
  readonly name: string;
  readonly version: number;
  readonly nonce: Uint8Array;
  /** With the authentication tag at its end. */
  readonly ciphertext: Uint8Array;
}

/**
 * Seals a value with a key of 32 bytes. Namespace, name and version are bound to it: what was sealed as one secret, or one
 * version of it, opens as no other.
 */
export function seal(key: Buffer, name: string, version: number, value: string): Sealed {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv(algorithm, key, nonce, { authTagLength: tagBytes });
  cipher.setAAD(boundTo(name, version));
  const ciphertext = Buffer.concat([cipher.update(value, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return { name, version, nonce, ciphertext };
}

/** The value; undefined when it was sealed with another key, as something else, or has been changed. */
export function unseal(key: Buffer, { ciphertext, name, nonce, version }: Sealed): string | undefined {
  try {
    const decipher = createDecipheriv(algorithm, key, nonce, { authTagLength: tagBytes });
    decipher.setAAD(boundTo(name, version));
    decipher.setAuthTag(ciphertext.subarray(-tagBytes));
    return Buffer.concat([decipher.update(ciphertext.subarray(0, -tagBytes)), decipher.final()]).toString('utf8');
  } catch {
    return undefined;
  }
}

function boundTo(name: string, version: number): Buffer {
  return Buffer.from(`${namespace}/${name}/${version}`);
}
