import { machineSettings } from './system-tree.js';

const isShown = (path: string) => machineSettings.some((shown) => `${path}/`.startsWith(`${shown}/`));
const holdsShown = (path: string) => machineSettings.some((shown) => shown.startsWith(`${path}/`));

test.each([
  ...['/etc/ssl/private', '/etc/pki/tls/private', '/etc/pki/nssdb', '/etc/pki/CA/private', '/etc/pki/entitlement'],
  ...['/etc/pki/consumer', '/etc/pki/libvirt/private', '/etc/pki/realmd', '/etc/letsencrypt', '/etc/shadow'],
])('%s is in no sandbox, nor anything below it', (path) => {
  expect([isShown(path), holdsShown(path)]).toEqual([false, false]);
});

test.each([
  ...['/etc/ssl/certs/ca-certificates.crt', '/etc/ssl/openssl.cnf', '/etc/pki/tls/certs/ca-bundle.crt'],
  ...['/etc/pki/tls/cert.pem', '/etc/pki/tls/openssl.cnf', '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem'],
])('%s is there for all', (path) => {
  expect(isShown(path)).toBe(true);
});
