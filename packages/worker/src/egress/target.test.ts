import { FunctionConfig } from '@relais/contracts';
import { networkPolicy } from './network-policy.js';
import { parseTarget, targetOf, targetText } from './target.js';

test.each([
  ['api.example.com:443', 'api.example.com:443'],
  ['API.Example.com.:443', 'api.example.com:443'],
  ['127.1:80', '127.0.0.1:80'],
  ['0177.0.0.1:80', '127.0.0.1:80'],
  ['0x7f.1:80', '127.0.0.1:80'],
  ['2130706433:80', '127.0.0.1:80'],
  ['[::FFFF:127.0.0.1]:80', '[::ffff:7f00:1]:80'],
  ['[2001:db8::1]:8080', '[2001:db8::1]:8080'],
])('%s means %s', (text, meant) => {
  const target = parseTarget(text);
  expect(target && targetText(target)).toBe(meant);
});

test.each([
  '',
  'example.com',
  'example.com:',
  'example.com:0',
  'example.com:65536',
  'example.com:443:443',
  '/var/run/docker.sock',
  'unix:/var/run/docker.sock:80',
  'user@example.com:443',
  'user:password@example.com:443',
  'https://example.com:443',
  'example.com:443/path',
  'exa mple.com:443',
  'example.com\r\nhost: x:443',
  'example.com%00.org:443',
  '256.1.1.1:80',
  '[fe80::1%25eth0]:80',
  '[::1]',
  `${'a'.repeat(254)}:80`,
])('%j means nothing', (text) => {
  expect(parseTarget(text)).toBeUndefined();
});

test('a URL without a port means 80', () => {
  expect(targetOf(new URL('http://Example.com./x'))).toEqual({ host: 'example.com', port: 80 });
  expect(targetOf(new URL('http://[2001:db8::1]:81/'))).toEqual({ host: '2001:db8::1', port: 81 });
});

describe('a policy', () => {
  const policyOf = (network: string, anyHost = false) =>
    networkPolicy(FunctionConfig.fromPartial({ network }), anyHost);
  const to = (text: string) => parseTarget(text) ?? { host: '', port: 0 };

  test('is not there for a function without a network', () => {
    expect(policyOf('', true)).toBeUndefined();
    expect(networkPolicy(undefined, true)).toBeUndefined();
  });

  test('lets through what is named, with its port, and nothing like it', () => {
    const policy = policyOf('allow:api.example.com:443,[2001:db8::1]:80');
    expect(policy?.allows(to('API.example.com:443'))).toBe(true);
    expect(policy?.allows(to('[2001:DB8:0::1]:80'))).toBe(true);
    for (const other of ['api.example.com:80', 'example.com:443', 'x.api.example.com:443', 'api.example.com.x:443']) {
      expect(policy?.allows(to(other))).toBe(false);
    }
  });

  test('of network=host lets everything through while the operator lets it', () => {
    expect(policyOf('host', true)?.allows(to('example.com:25'))).toBe(true);
    expect(policyOf('host', false)?.allows(to('example.com:25'))).toBe(false);
    expect(policyOf('allow:example.com:80', true)?.allows(to('example.com:81'))).toBe(false);
  });
});
