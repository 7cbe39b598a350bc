import { ManualClock, RelaisError } from '@relais/kit';
import { WasiHost, wasiFunctionNames, wasiModuleName } from './host.js';
import { endOfCall } from './wasi-call.js';

const pageBytes = 65_536;
const success = 0;
const badf = 8;
const fault = 21;
const inval = 28;
const notdir = 54;
const notsup = 58;
const spipe = 70;
const i64 = 0n;

type HostFunction = (...args: (number | bigint)[]) => number;

function makeHost(payload = 'abc', environment: readonly string[] = ['A=1', 'BC=é']) {
  const clock = new ManualClock();
  clock.advance(5000);
  const host = new WasiHost({
    clock,
    wait: (ms) => clock.advance(ms),
    outputBytesMax: 1000,
    logBytesMax: 10,
    functionName: 'probe',
  });
  const buffer = new ArrayBuffer(pageBytes);
  host.memory.attach({ buffer });
  const input = { payload: Buffer.from(payload), deadlineMs: 6000, environment: () => environment };
  host.call.begin(input, clock.nowMs());
  const functions = host.imports[wasiModuleName] as unknown as Record<string, HostFunction>;
  const call = (name: string, ...args: (number | bigint)[]): number => {
    const fn = functions[name];
    if (!fn) throw new Error(`no function ${name}`);
    return fn(...args);
  };
  return { host, clock, call, view: new DataView(buffer), bytes: Buffer.from(buffer) };
}

const beyond = pageBytes - 2;
/** -1 as the module passes it. */
const wild = -1;

test('has every function of preview 1', () => {
  expect(wasiFunctionNames.size).toBe(45 + 1);
});

test.each<[string, (number | bigint)[], number]>([
  ['fd_advise', [0, i64, i64, 0], spipe],
  ['fd_advise', [3, i64, i64, 0], badf],
  ['fd_allocate', [1, i64, i64], spipe],
  ['fd_close', [3], badf],
  ['fd_close', [wild], badf],
  ['fd_datasync', [1], inval],
  ['fd_sync', [3], badf],
  ['fd_fdstat_get', [1, 0], success],
  ['fd_fdstat_get', [1, beyond], fault],
  ['fd_fdstat_get', [1, wild], fault],
  ['fd_fdstat_get', [4, 0], badf],
  ['fd_fdstat_set_flags', [0, 4], success],
  ['fd_fdstat_set_flags', [0, 8], inval],
  ['fd_fdstat_set_flags', [3, 4], badf],
  ['fd_fdstat_set_rights', [1, i64, i64], notsup],
  ['fd_filestat_get', [0, 0], success],
  ['fd_filestat_get', [0, beyond], fault],
  ['fd_filestat_get', [3, 0], badf],
  ['fd_filestat_set_size', [1, i64], inval],
  ['fd_filestat_set_times', [1, i64, i64, 0], notsup],
  ['fd_pread', [0, 0, 0, i64, 0], spipe],
  ['fd_pwrite', [1, 0, 0, i64, 0], spipe],
  ['fd_prestat_get', [3, 0], badf],
  ['fd_prestat_dir_name', [3, 0, 0], badf],
  ['fd_read', [1, 0, 0, 0], badf],
  ['fd_read', [0, beyond, 1, 0], fault],
  ['fd_read', [0, 0, 0, beyond], fault],
  ['fd_read', [0, 0, wild, 0], inval],
  ['fd_readdir', [0, 0, 0, i64, 0], notdir],
  ['fd_readdir', [3, 0, 0, i64, 0], badf],
  ['fd_renumber', [0, 1], notsup],
  ['fd_renumber', [5, 1], badf],
  ['fd_seek', [0, i64, 0, 0], spipe],
  ['fd_seek', [3, i64, 0, 0], badf],
  ['fd_tell', [1, 0], spipe],
  ['fd_write', [0, 0, 0, 0], badf],
  ['fd_write', [1, wild, 1, 0], fault],
  ['fd_write', [1, 0, 1025, 0], inval],
  ['fd_write', [3, 0, 0, 0], badf],
  ['path_open', [3, 0, 0, 0, 0, i64, i64, 0, 0], badf],
  ['path_open', [0, 0, 0, 0, 0, i64, i64, 0, 0], notdir],
  ['path_create_directory', [3, 0, 0], badf],
  ['path_filestat_get', [3, 0, 0, 0, 0], badf],
  ['path_filestat_set_times', [3, 0, 0, 0, i64, i64, 0], badf],
  ['path_link', [3, 0, 0, 0, 3, 0, 0], badf],
  ['path_readlink', [3, 0, 0, 0, 0, 0], badf],
  ['path_remove_directory', [3, 0, 0], badf],
  ['path_rename', [3, 0, 0, 3, 0, 0], badf],
  ['path_symlink', [0, 0, 3, 0, 0], badf],
  ['path_symlink', [0, 0, 0, 0, 0], notdir],
  ['path_unlink_file', [3, 0, 0], badf],
  ['sock_accept', [3, 0, 0], notsup],
  ['sock_recv', [3, 0, 0, 0, 0, 0], notsup],
  ['sock_send', [3, 0, 0, 0, 0], notsup],
  ['sock_shutdown', [3, 0], notsup],
  ['args_sizes_get', [0, beyond], fault],
  ['args_get', [beyond, 0], fault],
  ['args_get', [0, beyond], fault],
  ['environ_sizes_get', [wild, 0], fault],
  ['environ_get', [0, beyond], fault],
  ['clock_res_get', [1, 0], success],
  ['clock_res_get', [4, 0], inval],
  ['clock_res_get', [1, beyond], fault],
  ['clock_time_get', [3, i64, 0], success],
  ['clock_time_get', [9, i64, 0], inval],
  ['clock_time_get', [0, i64, wild], fault],
  ['random_get', [beyond, 3], fault],
  ['random_get', [0, wild], fault],
  ['random_get', [pageBytes, 0], success],
  ['poll_oneoff', [0, 0, 0, 0], inval],
  ['poll_oneoff', [0, 0, 2000, 0], inval],
  ['poll_oneoff', [beyond, 0, 1, 0], fault],
  ['poll_oneoff', [0, beyond, 1, 0], fault],
  ['poll_oneoff', [0, 0, 1, beyond], fault],
  ['proc_raise', [6], notsup],
  ['sched_yield', [], success],
])('%s(%p) answers %i', (name, args, errno) => {
  expect(makeHost().call(name, ...args)).toBe(errno);
});

test('arguments and environment are laid out as C wants them', () => {
  const { call, view, bytes } = makeHost();
  expect(call('args_sizes_get', 0, 4)).toBe(success);
  expect([view.getUint32(0, true), view.getUint32(4, true)]).toEqual([1, 6]);
  expect(call('environ_sizes_get', 0, 4)).toBe(success);
  expect([view.getUint32(0, true), view.getUint32(4, true)]).toEqual([2, 10]);
  expect(call('environ_get', 16, 100)).toBe(success);
  expect([view.getUint32(16, true), view.getUint32(20, true)]).toEqual([100, 104]);
  expect(bytes.toString('utf8', 100, 110)).toBe('A=1\0BC=é\0');
});

test('reads the payload piece by piece into several buffers, then nothing', () => {
  const { call, view, bytes } = makeHost('abcdefg');
  view.setUint32(0, 100, true);
  view.setUint32(4, 2, true);
  view.setUint32(8, 200, true);
  view.setUint32(12, 3, true);
  const read = () => [call('fd_read', 0, 0, 2, 50), view.getUint32(50, true)];
  expect([read(), bytes.toString('utf8', 100, 102), bytes.toString('utf8', 200, 203)]).toEqual([[0, 5], 'ab', 'cde']);
  expect([read(), read()]).toEqual([
    [0, 2],
    [0, 0],
  ]);
});

function writeText({ call, view, bytes }: ReturnType<typeof makeHost>, fd: number, text: string): number {
  bytes.write(text, 500);
  view.setUint32(0, 500, true);
  view.setUint32(4, Buffer.byteLength(text), true);
  return call('fd_write', fd, 0, 1, 8);
}

test('standard output and error go to their own buffers; logs are cut at a character and flagged', () => {
  const world = makeHost();
  expect([writeText(world, 1, 'out'), writeText(world, 2, '12345678é'), writeText(world, 2, 'é')]).toEqual([0, 0, 0]);
  const { output, logs } = world.host.call;
  expect([output.take().toString(), logs.text(), logs.truncated, logs.tailText()]).toEqual([
    'out',
    '12345678é',
    true,
    '12345678éé',
  ]);
});

test('a closed stream is no stream any more', () => {
  const world = makeHost();
  expect([world.call('fd_close', 1), writeText(world, 1, 'x'), world.call('fd_seek', 1, i64, 0, 0)]).toEqual([
    0,
    badf,
    badf,
  ]);
});

test('output beyond the bound ends the call with output_limit', () => {
  const world = makeHost();
  expect(() => writeText(world, 1, 'x'.repeat(1001))).toThrow();
  const { ending } = world.host.call;
  expect(ending).toMatchObject({ kind: 'failure', error: { code: 'aborted', fields: { reason: 'output_limit' } } });
});

test('exit ends the call; the first ending counts', () => {
  const { call, host } = makeHost();
  const thrown = [1, 2].map((code) => {
    try {
      return call('proc_exit', code);
    } catch (error) {
      return error;
    }
  });
  expect(thrown).toEqual([endOfCall, endOfCall]);
  expect(host.call.ending).toEqual({ kind: 'exit', code: 1 });
});

test('clocks: wall, monotonic, and the call’s own', () => {
  const { call, view, clock } = makeHost();
  clock.advance(1.5);
  const times = [0, 1, 2].map((id) => {
    call('clock_time_get', id, i64, 0);
    return view.getBigUint64(0, true);
  });
  expect(times).toEqual([BigInt((1_700_000_000_000 + 5001.5) * 1000) * 1000n, 5_001_500_000n, 1_500_000n]);
});

function subscribeClock(view: DataView, at: number, delayMs: number, absolute = false): void {
  view.setBigUint64(at, 7n, true);
  view.setUint8(at + 8, 0);
  view.setUint32(at + 16, 1, true);
  view.setBigUint64(at + 24, BigInt(delayMs) * 1_000_000n, true);
  view.setUint16(at + 40, absolute ? 1 : 0, true);
}

test('poll waits for the earliest clock and reports what is due', () => {
  const { call, view, clock } = makeHost();
  subscribeClock(view, 0, 300);
  subscribeClock(view, 48, 5200, true);
  expect(call('poll_oneoff', 0, 1000, 2, 2000)).toBe(success);
  expect([clock.nowMs(), view.getUint32(2000, true)]).toEqual([5200, 1]);
  expect([view.getBigUint64(1000, true), view.getUint16(1008, true), view.getUint8(1010)]).toEqual([7n, 0, 0]);
});

test('poll reports a stream at once, with what it holds', () => {
  const { call, view, clock } = makeHost('abcd');
  subscribeClock(view, 0, 900);
  view.setUint8(48 + 8, 1);
  view.setUint32(48 + 16, 0, true);
  view.setUint8(96 + 8, 1);
  view.setUint32(96 + 16, 9, true);
  expect(call('poll_oneoff', 0, 1000, 3, 2000)).toBe(success);
  expect([clock.nowMs(), view.getUint32(2000, true), view.getBigUint64(1016, true)]).toEqual([5000, 2, 4n]);
  expect(view.getUint16(1032 + 8, true)).toBe(badf);
});

test('a sleep beyond the deadline ends there with deadline_exceeded', () => {
  const { call, view, clock, host } = makeHost();
  subscribeClock(view, 0, 60_000);
  expect(() => call('poll_oneoff', 0, 1000, 1, 2000)).toThrow();
  expect(clock.nowMs()).toBe(6000);
  const { ending } = host.call;
  expect(ending?.kind === 'failure' && RelaisError.is(ending.error) && ending.error.code).toBe('deadline_exceeded');
});

test('a module that grows its memory is seen at its new size', () => {
  const { host, call } = makeHost();
  const grown = new ArrayBuffer(2 * pageBytes);
  const before = new ArrayBuffer(pageBytes);
  const memory = { buffer: before };
  host.memory.attach(memory);
  structuredClone(before, { transfer: [before] });
  memory.buffer = grown;
  expect(call('clock_res_get', 1, pageBytes + 8)).toBe(success);
});
