import { BlockList, isIPv4 } from 'node:net';
import { networkInterfaces } from 'node:os';

/** Where clouds hand out the rights of their machines, beside 169.254.169.254. */
const metadata = [
  ...['168.63.129.16/32', '100.100.100.200/32', '192.0.0.192/32'],
  // Amazon's, which has several services there; Google's, Oracle's, Scaleway's, Alibaba's and Linode's.
  ...['fd00:ec2::/32', 'fd20:ce::254/128', 'fd00:c1::a9fe:a9fe/128', 'fd00:42::42/128', 'fd00:100::100:200/128'],
  'fd00:a9fe:a9fe::1/128',
];

/** Ranges in which no function has anything to look for, whatever it may reach; the word is for its log. */
const ranges: readonly (readonly [what: string, subnets: readonly string[]])[] = [
  ['loopback', ['127.0.0.0/8', '::1/128']],
  ['unspecified', ['0.0.0.0/8', '::/128']],
  ['link-local', ['169.254.0.0/16', 'fe80::/10']],
  ['multicast', ['224.0.0.0/4', 'ff00::/8']],
  ['reserved', ['240.0.0.0/4']],
  // Other ways to write an IPv4 address, which nobody needs.
  ['an IPv4 address in disguise', ['::/96', '2002::/16', '2001::/32', '64:ff9b:1::/48']],
  ['metadata of a cloud', metadata],
];

const lists = ranges.map(([what, subnets]) => {
  const list = new BlockList();
  for (const subnet of subnets) {
    const [net = '', bits] = subnet.split('/');
    list.addSubnet(net, Number(bits), family(net));
  }
  return { what, list };
});

/** Why an IP address is never reachable, in a word; undefined when it may be. `own` are the addresses of this machine. */
export function whyNever(address: string, own: readonly string[]): string | undefined {
  const plain = plainAddress(address);
  if (plain === undefined) return 'no address';
  const found = lists.find(({ list }) => list.check(plain, family(plain)));
  if (found) return found.what;
  return own.some((one) => plainAddress(one) === plain) ? 'an address of this machine' : undefined;
}

/** Whether two texts are the same address. */
export function isSameAddress(one: string, other: string): boolean {
  const plain = plainAddress(one);
  return plain !== undefined && plain === plainAddress(other);
}

export function addressesOfThisMachine(): string[] {
  return Object.values(networkInterfaces()).flatMap((addresses) => (addresses ?? []).map(({ address }) => address));
}

/** An address in its one form, IPv4 where it only wraps that (mapped, and what NAT64 makes); undefined when it is none. */
function plainAddress(address: string): string | undefined {
  if (isIPv4(address)) return address;
  const host = URL.parse(`http://[${address}]/`)?.hostname.slice(1, -1);
  if (host === undefined) return undefined;
  const groups = groupsOf(host);
  const wraps = ['0,0,0,0,0,65535', '100,65435,0,0,0,0'].includes(groups.slice(0, 6).join());
  if (!wraps) return host;
  return groups
    .slice(6)
    .flatMap((group) => [group >> 8, group & 0xff])
    .join('.');
}

/** The eight numbers of an address in the form that URL gives it. */
function groupsOf(address: string): number[] {
  const [head = [], tail = []] = address.split('::').map((part) => part.split(':').filter((group) => group !== ''));
  const zeros = address.includes('::') ? Array(8 - head.length - tail.length).fill('0') : [];
  return [...head, ...zeros, ...tail].map((group) => Number.parseInt(group, 16));
}

function family(address: string): 'ipv4' | 'ipv6' {
  return isIPv4(address) ? 'ipv4' : 'ipv6';
}
