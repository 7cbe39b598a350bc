import { existsSync, lstatSync, mkdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Bind } from './sandbox.js';

/** The part of a sandbox's tree that is the same for all. */
export interface SystemTree {
  readonly binds: readonly Bind[];
  readonly links: readonly { readonly at: string; readonly target: string }[];
  readonly devices: readonly string[];
}

/** Where Debian, Fedora and Alpine have programs and libraries; links into /usr on most. */
const programs = ['/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32'];
/** What runtimes read of /etc; none of it is secret. */
const settings = etc(
  ...['alternatives', 'ld.so.cache', 'ld.so.conf', 'ld.so.conf.d', 'localtime', 'timezone', 'mime.types'],
  ...['php', 'python3', 'python3.11', 'python3.12', 'python3.13', 'ca-certificates', 'crypto-policies'],
  ...['services', 'protocols', 'os-release', 'debian_version'],
);
/** Of the folders that hold private keys too only what is for everybody. */
const certificates = etc(
  ...['ssl/certs', 'ssl/openssl.cnf', 'pki/ca-trust/extracted'],
  ...['certs', 'cert.pem', 'openssl.cnf', 'openssl.d', 'fips_local.cnf', 'ct_log_list.cnf'].map(
    (name) => `pki/tls/${name}`,
  ),
);
/** All that a sandbox shows of the machine's own /etc. */
export const machineSettings: readonly string[] = [...settings, ...certificates];
const devices = ['null', 'zero', 'full', 'random', 'urandom'].map((name) => `/dev/${name}`);
const links = [
  { at: '/dev/fd', target: '/proc/self/fd' },
  { at: '/dev/stdin', target: '/proc/self/fd/0' },
  { at: '/dev/stdout', target: '/proc/self/fd/1' },
  { at: '/dev/stderr', target: '/proc/self/fd/2' },
  { at: '/dev/shm', target: '/tmp' },
];
/** Of ours, because those of the machine say who uses it. */
const ownSettings: Readonly<Record<string, string>> = {
  passwd: 'root:x:0:0:root:/tmp:/bin/sh\nfunction:x:1000:1000:function:/tmp:/bin/sh\n',
  group: 'root:x:0:\nfunction:x:1000:\n',
  hosts: '127.0.0.1 localhost\n::1 localhost\n',
  'nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files dns\n',
};

/** Looks what this machine has; `directory` gets the files of ours. */
export function systemTree(directory: string): SystemTree {
  mkdirSync(directory, { recursive: true, mode: 0o755 });
  for (const [name, content] of Object.entries(ownSettings)) {
    writeFileSync(join(directory, name), content, { mode: 0o444 });
  }
  const isLink = (path: string) => lstatSync(path).isSymbolicLink();
  const present = programs.filter((path) => existsSync(path));
  const plain = ['/usr', ...present.filter((path) => !isLink(path)), ...machineSettings];
  return {
    binds: [
      ...plain.filter((path) => existsSync(path)).map((path) => ({ source: path, at: path })),
      ...Object.keys(ownSettings).map((name) => ({ source: join(directory, name), at: `/etc/${name}` })),
    ],
    links: [...present.filter(isLink).map((at) => ({ at, target: readlinkSync(at) })), ...links],
    devices,
  };
}

function etc(...names: string[]): string[] {
  return names.map((name) => `/etc/${name}`);
}
