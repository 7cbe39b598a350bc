import { configOf } from '../testing/config.js';
import { checkRoles } from './check-roles.js';

test.each([
  ['everything in one process', []],
  ['a gateway that knows its peers', ['--roles', 'gateway', '--balancer', 'b:1', '--storage', 's:1']],
  ['workers that know their peers', ['--roles', 'worker', '--balancer', 'b:1', '--storage', 's:1']],
  ['a balancer that can be called', ['--roles', 'balancer', '--balancer-listen', '127.0.0.1:0']],
  ['storage that can be called', ['--roles', 'storage', '--storage-listen', '127.0.0.1:0']],
  ['a gateway beyond loopback with keys', ['--host', '0.0.0.0']],
  ['a loopback gateway with keys', ['--keys', 'on', '--admin-key', `rlk_${'a'.repeat(32)}`]],
  ['a secrets key elsewhere', ['--data', 'd', '--secrets-key-file', 'd.key', '--secrets-key', 'a'.repeat(64)]],
])('accepts %s', (_what, argv) => {
  expect(() => checkRoles(configOf(...argv))).not.toThrow();
});

test.each([
  ['a gateway without a balancer', ['--roles', 'gateway', '--storage', 's:1'], '--balancer HOST:PORT'],
  ['a worker without storage', ['--roles', 'worker', '--balancer', 'b:1'], '--storage HOST:PORT'],
  ['a balancer that nobody can call', ['--roles', 'balancer'], '--balancer-listen HOST:PORT'],
  ['storage that nobody can call', ['--roles', 'storage'], '--storage-listen HOST:PORT'],
  ['a gateway for everybody', ['--host', '0.0.0.0', '--keys', 'off'], '--keys off'],
  ['an admin key that can be guessed', ['--admin-key', 'rlk_admin'], '--admin-key'],
  ['a certificate without a key', ['--tls-cert', 'c.pem'], '--tls-key'],
  ['a secrets key beside what it seals', ['--data', 'd', '--secrets-key-file', 'd/x/key'], '--secrets-key-file'],
  ['a secrets key that is none', ['--secrets-key', 'hunter2'], '--secrets-key'],
  ['two balancers', ['--balancer', 'b:1'], 'leave out one'],
])('refuses %s and names the flag', (_what, argv, hint) => {
  expect(() => checkRoles(configOf(...argv))).toThrow(
    expect.objectContaining({ code: 'invalid_argument', message: expect.stringContaining(hint) }),
  );
});

test('says all mistakes at once', () => {
  expect(() => checkRoles(configOf('--roles', 'gateway'))).toThrow(/--balancer[\s\S]*--storage/);
});
