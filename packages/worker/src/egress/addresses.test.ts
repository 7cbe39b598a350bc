import { addressesOfThisMachine, isSameAddress, whyNever } from './addresses.js';

test.each([
  ['127.0.0.1', 'loopback'],
  ['127.255.255.254', 'loopback'],
  ['::1', 'loopback'],
  ['0:0:0:0:0:0:0:1', 'loopback'],
  ['::ffff:127.0.0.1', 'loopback'],
  ['::ffff:7f00:1', 'loopback'],
  ['0:0:0:0:0:ffff:7f00:0001', 'loopback'],
  ['64:ff9b::127.0.0.1', 'loopback'],
  ['0.0.0.0', 'unspecified'],
  ['0.1.2.3', 'unspecified'],
  ['::', 'unspecified'],
  ['::ffff:0.0.0.0', 'unspecified'],
  ['169.254.169.254', 'link-local'],
  ['::ffff:169.254.169.254', 'link-local'],
  ['::ffff:a9fe:a9fe', 'link-local'],
  ['64:ff9b::a9fe:a9fe', 'link-local'],
  ['fe80::1', 'link-local'],
  ['febf::1', 'link-local'],
  ['224.0.0.1', 'multicast'],
  ['ff02::1', 'multicast'],
  ['255.255.255.255', 'reserved'],
  ['::127.0.0.1', 'an IPv4 address in disguise'],
  ['2002:7f00:1::', 'an IPv4 address in disguise'],
  ['2001:0:4136:e378:8000:63bf:3fff:fdd2', 'an IPv4 address in disguise'],
  ['64:ff9b:1::7f00:1', 'an IPv4 address in disguise'],
  ['fd00:ec2::254', 'metadata of a cloud'],
  ['fd00:ec2::23', 'metadata of a cloud'],
  ['fd00:0ec2:0:0:0:0:0:0253', 'metadata of a cloud'],
  ['fd20:ce::254', 'metadata of a cloud'],
  ['fd00:c1::a9fe:a9fe', 'metadata of a cloud'],
  ['fd00:42::42', 'metadata of a cloud'],
  ['fd00:100::100:200', 'metadata of a cloud'],
  ['fd00:a9fe:a9fe::1', 'metadata of a cloud'],
  ['168.63.129.16', 'metadata of a cloud'],
  ['100.100.100.200', 'metadata of a cloud'],
  ['::ffff:100.100.100.200', 'metadata of a cloud'],
  ['192.0.0.192', 'metadata of a cloud'],
  // With the name of an interface, and what is no address at all.
  ['fe80::1%eth0', 'no address'],
  ['localhost', 'no address'],
  ['', 'no address'],
])('%s is never reachable: %s', (address, why) => {
  expect(whyNever(address, [])).toBe(why);
});

test.each([
  '192.0.2.7',
  '10.0.0.1',
  '192.168.1.1',
  '169.253.1.1',
  '128.0.0.1',
  'fd00::7',
  'fd00:ec3::254',
  'fd20:ce::255',
  '2001:db8::1',
  '2606:4700::1111',
  '64:ff9b::c000:207',
])('%s may be reachable', (address) => {
  expect(whyNever(address, [])).toBeUndefined();
});

test('an address of this machine is never reachable, in whatever form', () => {
  const own = ['192.0.2.7', 'fd00::7'];
  for (const address of ['192.0.2.7', '::ffff:192.0.2.7', '64:ff9b::c000:207', 'fd00::7', 'FD00:0:0::0007']) {
    expect(whyNever(address, own)).toBe('an address of this machine');
  }
  expect(addressesOfThisMachine()).toContain('127.0.0.1');
});

test('two texts of one address are the same', () => {
  expect(isSameAddress('::ffff:192.0.2.7', '192.0.2.7')).toBe(true);
  expect(isSameAddress('192.0.2.7', '192.0.2.8')).toBe(false);
  expect(isSameAddress('nothing', 'nothing')).toBe(false);
});
