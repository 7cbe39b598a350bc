import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Whether this machine can make certificates. */
export const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

/** A folder for certificates. */
export interface Certificates {
  readonly cert: string;
  readonly key: string;
  /** Puts a new certificate for localhost, and its key, into the files; what the certificate is. */
  renew(commonName: string): string;
  remove(): void;
}

export function certificates(): Certificates {
  const folder = mkdtempSync(join(tmpdir(), 'relais-tls-'));
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const options = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  return {
    cert,
    key,
    renew(commonName) {
      const names = ['-subj', `/CN=${commonName}`, '-addext', 'subjectAltName=DNS:localhost'];
      execFileSync('openssl', ['req', ...options, ...names, '-keyout', key, '-out', cert], { stdio: 'ignore' });
      return readFileSync(cert, 'utf8');
    },
    remove: () => rmSync(folder, { recursive: true }),
  };
}
