/** What the script found; errors by their codes. */
export interface ProbeReport {
  readonly read: Record<string, string>;
  readonly write: Record<string, string>;
  readonly fillTmp: string;
  readonly hugeFile: string;
  readonly connect: Record<string, string>;
  readonly interfaces: readonly string[];
  readonly status: Record<string, string>;
  /** Whether each was had. */
  readonly powers: Record<string, boolean>;
  readonly pids: readonly number[];
  readonly signal: Record<string, string>;
  readonly environment: readonly string[];
  /** What its descriptors are. */
  readonly files: readonly string[];
  readonly descriptors: { readonly opened: number; readonly failed: string };
}

/** A module for node that tries what it must not be able to do and prints a ProbeReport; its argument says what is where. */
export const probeScript = `
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';

const facts = JSON.parse(process.argv[1]);
const attempt = (action) => {
  try {
    const answer = action();
    return typeof answer === 'string' ? answer : 'ok';
  } catch (error) {
    return error.code ?? String(error);
  }
};
const read = (path) => attempt(() => fs.readFileSync(path, 'utf8'));
const write = (path) => attempt(() => fs.writeFileSync(path, 'x'));
const connect = (options) =>
  new Promise((resolve) => {
    const socket = net.connect({ ...options, timeout: 3000 });
    socket.on('connect', () => resolve('connected'));
    socket.on('timeout', () => resolve('timeout'));
    socket.on('error', (error) => resolve(error.code));
  });
const works = (...command) => spawnSync(command[0], command.slice(1), { env: { PATH: '/usr/bin:/bin:/usr/sbin:/sbin' } }).status === 0;
const fill = (path) =>
  attempt(() => {
    const fd = fs.openSync(path, 'w');
    const block = Buffer.alloc(1 << 20, 1);
    for (let i = 0; i < 200; i++) if (fs.writeSync(fd, block) < block.length) throw Object.assign(new Error(), { code: 'ENOSPC' });
    return 'no end';
  });

const files = fs.readdirSync('/proc/self/fd').map((fd) => attempt(() => fs.readlinkSync('/proc/self/fd/' + fd)));
const environment = Object.keys(process.env).filter((name) => !['PWD', 'OLDPWD', 'SHLVL', '_'].includes(name)).sort();
fs.symlinkSync(facts.secretFile, '/tmp/link');
const reads = {
  own: read(facts.own + '/own.txt'),
  shadow: read('/etc/shadow'),
  secret: read(facts.secretFile),
  'secret by a link': read('/tmp/link'),
  'files of others': attempt(() => fs.readdirSync(facts.own + '/..').join()),
  'environment of process 1': read('/proc/1/environ'),
  'secret by process 1': read('/proc/1/root' + facts.secretFile),
  'process that launched it': attempt(() => fs.readdirSync('/proc/' + facts.pid).join()),
};
const writes = {
  root: write('/x'),
  usr: write('/usr/x'),
  etc: write('/etc/x'),
  own: write(facts.own + '/own.txt'),
  tmp: write('/tmp/x'),
};
const hugeFile = attempt(() => fs.truncateSync('/tmp/x', 1 << 30));
process.on('SIGXFSZ', () => {});
const fillTmp = [0, 1, 2].map((n) => fill('/tmp/fill' + n)).find((end) => end !== 'EFBIG') ?? 'EFBIG';
for (const n of [0, 1, 2]) fs.rmSync('/tmp/fill' + n, { force: true });
const status = Object.fromEntries(fs.readFileSync('/proc/self/status', 'utf8').split('\\n').map((line) => line.split(':\\t')));
const signal = {
  'process that launched it': attempt(() => process.kill(facts.pid, 'SIGKILL')),
  'process 1': attempt(() => {
    process.kill(1, 'SIGKILL');
    return 'still there';
  }),
};
const powers = {
  mount: works('mount', '-t', 'tmpfs', 'x', '/tmp'),
  unshare: works('unshare', '--user', '--map-root-user', 'true'),
  chroot: works('chroot', '/tmp', '/bin/true'),
  'set-uid program': works('su', '-c', 'true'),
};
const descriptors = { opened: 0, failed: '' };
while (descriptors.failed === '' && descriptors.opened < 5000) {
  const end = attempt(() => void fs.openSync('/dev/null'));
  if (end === 'ok') descriptors.opened++;
  else descriptors.failed = end;
}
for (let fd = 64; fd < descriptors.opened; fd++) attempt(() => fs.closeSync(fd));
const connects = {
  'service on loopback': await connect({ host: '127.0.0.1', port: facts.port }),
  'metadata service': await connect({ host: '169.254.169.254', port: 80 }),
  'socket of the machine': await connect({ path: facts.socketPath }),
};
console.log(JSON.stringify({
  read: reads, write: writes, fillTmp, hugeFile, connect: connects, status, powers, signal, environment, files, descriptors,
  interfaces: fs.readFileSync('/proc/net/dev', 'utf8').split('\\n').slice(2).map((line) => line.split(':')[0].trim()).filter(Boolean),
  pids: fs.readdirSync('/proc').map(Number).filter(Boolean),
}));
`;
