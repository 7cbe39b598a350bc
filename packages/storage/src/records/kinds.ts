import { KeyRecord, SecretRecord } from '@relais/contracts';
import { storageError } from '../errors.js';
import type { RecordKind } from './record-table.js';

const keyIdForm = /^[a-z0-9]{16}$/;
const secretNameForm = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;
const digestBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;

/** API keys, by id. None takes the place of another. */
export const apiKeys: RecordKind<KeyRecord> = {
  prefix: 'key',
  what: 'API key',
  codec: KeyRecord,
  idOf: ({ id }) => id,
  check({ id, sha256 }) {
    if (keyIdForm.test(id) && sha256.length === digestBytes) return;
    throw storageError('invalid_argument', 'invalid_key', 'A key has an id of 16 characters and a SHA-256.');
  },
  admit(_record, current) {
    if (current) throw storageError('already_exists', 'key_exists', 'That id is taken.');
  },
};

/** Sealed secrets, by name. Each version follows the one before, so that of two writers one learns of the other. */
export const secrets: RecordKind<SecretRecord> = {
  prefix: 'secret',
  what: 'secret',
  codec: SecretRecord,
  idOf: ({ name }) => name,
  check({ ciphertext, name, nonce }) {
    if (secretNameForm.test(name) && nonce.length === nonceBytes && ciphertext.length > tagBytes) return;
    throw storageError('invalid_argument', 'invalid_secret', 'A secret has a name of a variable, and is sealed.');
  },
  admit({ version }, current) {
    if (version === (current?.version ?? 0) + 1) return;
    throw storageError('already_exists', 'secret_changed', 'Somebody else changed this secret; set it again.');
  },
};
