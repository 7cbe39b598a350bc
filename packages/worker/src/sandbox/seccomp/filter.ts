import { constants } from 'node:os';
import { type SystemCalls, systemCallsOf } from './system-calls.js';

/** One instruction of the kernel's classic BPF. */
type Instruction = readonly [code: number, jumpTrue: number, jumpFalse: number, k: number];

const load = 0x20;
const jumpEqual = 0x15;
const jumpAtLeast = 0x35;
const jumpAnySet = 0x45;
const answer = 0x06;

const allow = 0x7fff0000;
const killProcess = 0x80000000;
const { EPERM, ENOSYS, EAFNOSUPPORT } = constants.errno;

/** Where struct seccomp_data has what is looked at; the low half of an argument comes first on both machines. */
const offsets = { number: 0, arch: 4, arguments: 16 };
const argumentBytes = 8;

/** Ways to look at other processes, at the kernel and at hardware that no function needs. */
const denied = [
  ...['ptrace', 'process_vm_readv', 'process_vm_writev', 'process_madvise', 'pidfd_getfd', 'kcmp'],
  ...['keyctl', 'add_key', 'request_key', 'bpf', 'perf_event_open', 'userfaultfd', 'lookup_dcookie', 'syslog'],
  ...['init_module', 'finit_module', 'delete_module', 'kexec_load', 'kexec_file_load', 'reboot', 'swapon', 'swapoff'],
  ...['acct', 'quotactl', 'quotactl_fd', 'iopl', 'ioperm', 'modify_ldt', 'vhangup', 'fanotify_init'],
  ...['name_to_handle_at', 'open_by_handle_at', 'sethostname', 'setdomainname'],
  ...['settimeofday', 'clock_settime', 'clock_adjtime', 'adjtimex'],
];
const deniedUnlessNesting = [
  ...['unshare', 'setns', 'mount', 'umount2', 'pivot_root', 'chroot'],
  ...['open_tree', 'move_mount', 'fsopen', 'fsconfig', 'fsmount', 'fspick', 'mount_setattr'],
];
/** Those who call them know what to do without. The arguments of clone3 lie where no filter can see them. */
const absent = ['clone3', 'io_uring_setup', 'io_uring_enter', 'io_uring_register'];

/** CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET. */
const newNamespaces = 0x7e020000;
/** Unix, IPv4, IPv6 and netlink; others (vsock, packet, alg) reach past the network namespace or deep into the kernel. */
const socketFamilies = [1, 2, 10, 16];
/** Puts characters into the terminal of whoever started us. */
const TIOCSTI = 0x5412;
/** Numbers from here on are those of the x32 interface. */
const x32 = 0x40000000;

export interface FilterOptions {
  /** Leaves the calls that make namespaces and mounts. */
  readonly nests: boolean;
  /** As process.arch has it. */
  readonly arch: string;
}

/**
 * A seccomp filter as the kernel takes it, an array of struct sock_filter: denies what no function needs, lets all else
 * pass. Undefined on a machine it does not know.
 */
export function seccompFilter({ nests, arch }: FilterOptions): Buffer | undefined {
  const calls = systemCallsOf(arch);
  if (!calls) return undefined;
  const numbersOf = (names: readonly string[]) => names.flatMap((name) => calls.numbers[name] ?? []);
  return encode([
    ...onlyArch(calls),
    ...numbersOf(nests ? denied : [...denied, ...deniedUnlessNesting]).flatMap((number) => refuse(number, EPERM)),
    ...numbersOf(absent).flatMap((number) => refuse(number, ENOSYS)),
    ...(nests ? [] : noNewNamespaces(calls)),
    ...onlySocketFamilies(calls),
    ...noTerminalInput(calls),
    [answer, 0, 0, allow],
  ]);
}

function onlyArch({ audit }: SystemCalls): Instruction[] {
  return [
    [load, 0, 0, offsets.arch],
    [jumpEqual, 1, 0, audit],
    [answer, 0, 0, killProcess],
    [load, 0, 0, offsets.number],
    [jumpAtLeast, 0, 1, x32],
    [answer, 0, 0, failWith(ENOSYS)],
  ];
}

/** The number of the call is loaded before and after each of these. */
function refuse(number: number, errno: number): Instruction[] {
  return [
    [jumpEqual, 0, 1, number],
    [answer, 0, 0, failWith(errno)],
  ];
}

function noNewNamespaces({ numbers }: SystemCalls): Instruction[] {
  return [
    [jumpEqual, 0, 4, numbers.clone ?? 0],
    [load, 0, 0, argument(0)],
    [jumpAnySet, 0, 1, newNamespaces],
    [answer, 0, 0, failWith(EPERM)],
    [load, 0, 0, offsets.number],
  ];
}

function onlySocketFamilies({ numbers }: SystemCalls): Instruction[] {
  const others = socketFamilies.length;
  return [
    [jumpEqual, 0, others + 3, numbers.socket ?? 0],
    [load, 0, 0, argument(0)],
    ...socketFamilies.map((family, at): Instruction => [jumpEqual, others - at, 0, family]),
    [answer, 0, 0, failWith(EAFNOSUPPORT)],
    [load, 0, 0, offsets.number],
  ];
}

function noTerminalInput({ numbers }: SystemCalls): Instruction[] {
  return [
    [jumpEqual, 0, 4, numbers.ioctl ?? 0],
    [load, 0, 0, argument(1)],
    [jumpEqual, 0, 1, TIOCSTI],
    [answer, 0, 0, failWith(EPERM)],
    [load, 0, 0, offsets.number],
  ];
}

function argument(index: number): number {
  return offsets.arguments + index * argumentBytes;
}

function failWith(errno: number): number {
  return 0x00050000 | errno;
}

function encode(program: readonly Instruction[]): Buffer {
  const bytes = Buffer.alloc(program.length * 8);
  for (const [at, [code, jumpTrue, jumpFalse, k]] of program.entries()) {
    bytes.writeUInt16LE(code, at * 8);
    bytes.writeUInt8(jumpTrue, at * 8 + 2);
    bytes.writeUInt8(jumpFalse, at * 8 + 3);
    bytes.writeUInt32LE(k, at * 8 + 4);
  }
  return bytes;
}
