import { Errno } from '../wasi/errno.js';

/** An argument: a number, or a place in the module's memory that only the module knows. */
export type Argument = number | 'buffer' | 'list' | 'outside';

/** One import of preview 1 with the arguments it is called with and the errno it must answer. */
export interface WasiCase {
  readonly name: string;
  /** Type of each parameter. */
  readonly types: readonly ('i32' | 'i64')[];
  readonly args: readonly Argument[];
  readonly errno: Errno;
}

const i32 = (count: number): 'i32'[] => Array.from({ length: count }, () => 'i32');
const i64 = (count: number): 'i64'[] => Array.from({ length: count }, () => 'i64');

const signatures: Readonly<Record<string, readonly ('i32' | 'i64')[]>> = {
  args_get: i32(2),
  args_sizes_get: i32(2),
  environ_get: i32(2),
  environ_sizes_get: i32(2),
  clock_res_get: i32(2),
  clock_time_get: [...i32(1), ...i64(1), ...i32(1)],
  fd_advise: [...i32(1), ...i64(2), ...i32(1)],
  fd_allocate: [...i32(1), ...i64(2)],
  fd_close: i32(1),
  fd_datasync: i32(1),
  fd_fdstat_get: i32(2),
  fd_fdstat_set_flags: i32(2),
  fd_fdstat_set_rights: [...i32(1), ...i64(2)],
  fd_filestat_get: i32(2),
  fd_filestat_set_size: [...i32(1), ...i64(1)],
  fd_filestat_set_times: [...i32(1), ...i64(2), ...i32(1)],
  fd_pread: [...i32(3), ...i64(1), ...i32(1)],
  fd_prestat_get: i32(2),
  fd_prestat_dir_name: i32(3),
  fd_pwrite: [...i32(3), ...i64(1), ...i32(1)],
  fd_read: i32(4),
  fd_readdir: [...i32(3), ...i64(1), ...i32(1)],
  fd_renumber: i32(2),
  fd_seek: [...i32(1), ...i64(1), ...i32(2)],
  fd_sync: i32(1),
  fd_tell: i32(2),
  fd_write: i32(4),
  path_create_directory: i32(3),
  path_filestat_get: i32(5),
  path_filestat_set_times: [...i32(4), ...i64(2), ...i32(1)],
  path_link: i32(7),
  path_open: [...i32(5), ...i64(2), ...i32(2)],
  path_readlink: i32(6),
  path_remove_directory: i32(3),
  path_rename: i32(6),
  path_symlink: i32(5),
  path_unlink_file: i32(3),
  poll_oneoff: i32(4),
  proc_raise: i32(1),
  random_get: i32(2),
  sched_yield: [],
  sock_accept: i32(3),
  sock_recv: i32(6),
  sock_send: i32(5),
  sock_shutdown: i32(2),
};

/** Of a descriptor that no world without files has. */
const noFd = 7;

/** Called in this order; `list` is zeroed, so that a vector in it is one of no bytes. fd 0 is closed on the way. */
const calls: readonly (readonly [name: string, args: readonly Argument[], errno: Errno])[] = [
  ['args_sizes_get', ['buffer', 'buffer'], Errno.success],
  ['args_sizes_get', ['outside', 'buffer'], Errno.fault],
  ['args_get', ['list', 'buffer'], Errno.success],
  ['args_get', ['outside', 'buffer'], Errno.fault],
  ['environ_sizes_get', ['buffer', 'buffer'], Errno.success],
  ['environ_sizes_get', ['buffer', 'outside'], Errno.fault],
  ['environ_get', ['list', 'buffer'], Errno.success],
  ['environ_get', ['list', 'outside'], Errno.fault],
  ['clock_res_get', [1, 'buffer'], Errno.success],
  ['clock_res_get', [9, 'buffer'], Errno.inval],
  ['clock_time_get', [0, 1, 'buffer'], Errno.success],
  ['clock_time_get', [1, 1, 'outside'], Errno.fault],
  ['clock_time_get', [9, 1, 'buffer'], Errno.inval],
  ['random_get', ['buffer', 16], Errno.success],
  ['random_get', ['outside', 16], Errno.fault],
  ['sched_yield', [], Errno.success],
  ['proc_raise', [6], Errno.notsup],
  ['poll_oneoff', ['list', 'buffer', 0, 'buffer'], Errno.inval],
  ['poll_oneoff', ['outside', 'buffer', 1, 'buffer'], Errno.fault],
  ['fd_fdstat_get', [0, 'buffer'], Errno.success],
  ['fd_fdstat_get', [noFd, 'buffer'], Errno.badf],
  ['fd_fdstat_set_flags', [1, 4], Errno.success],
  ['fd_fdstat_set_flags', [1, 16], Errno.inval],
  ['fd_fdstat_set_rights', [1, 0, 0], Errno.notsup],
  ['fd_filestat_get', [1, 'buffer'], Errno.success],
  ['fd_filestat_get', [1, 'outside'], Errno.fault],
  ['fd_filestat_set_size', [1, 0], Errno.inval],
  ['fd_filestat_set_times', [1, 0, 0, 0], Errno.notsup],
  ['fd_advise', [0, 0, 0, 0], Errno.spipe],
  ['fd_advise', [noFd, 0, 0, 0], Errno.badf],
  ['fd_allocate', [1, 0, 1], Errno.spipe],
  ['fd_datasync', [1], Errno.inval],
  ['fd_sync', [noFd], Errno.badf],
  ['fd_seek', [0, 0, 1, 'buffer'], Errno.spipe],
  ['fd_tell', [1, 'buffer'], Errno.spipe],
  ['fd_pread', [0, 'list', 1, 0, 'buffer'], Errno.spipe],
  ['fd_pwrite', [1, 'list', 1, 0, 'buffer'], Errno.spipe],
  ['fd_prestat_get', [3, 'buffer'], Errno.badf],
  ['fd_prestat_dir_name', [3, 'buffer', 8], Errno.badf],
  ['fd_readdir', [0, 'buffer', 64, 0, 'buffer'], Errno.notdir],
  ['fd_readdir', [3, 'buffer', 64, 0, 'buffer'], Errno.badf],
  ['fd_renumber', [1, 2], Errno.notsup],
  ['fd_renumber', [1, noFd], Errno.notsup],
  ['fd_read', [0, 'outside', 1, 'buffer'], Errno.fault],
  ['fd_read', [1, 'list', 0, 'buffer'], Errno.badf],
  ['fd_write', [1, 'list', 0, 'buffer'], Errno.success],
  ['fd_write', [1, 'list', 0, 'outside'], Errno.fault],
  ['fd_write', [noFd, 'list', 0, 'buffer'], Errno.badf],
  ['path_open', [3, 0, 'buffer', 4, 0, 0, 0, 0, 'buffer'], Errno.badf],
  ['path_open', [0, 0, 'buffer', 4, 0, 0, 0, 0, 'buffer'], Errno.notdir],
  ['path_create_directory', [3, 'buffer', 4], Errno.badf],
  ['path_filestat_get', [3, 0, 'buffer', 4, 'buffer'], Errno.badf],
  ['path_filestat_set_times', [3, 0, 'buffer', 4, 0, 0, 0], Errno.badf],
  ['path_link', [3, 0, 'buffer', 4, 3, 'buffer', 4], Errno.badf],
  ['path_readlink', [3, 'buffer', 4, 'buffer', 4, 'buffer'], Errno.badf],
  ['path_remove_directory', [3, 'buffer', 4], Errno.badf],
  ['path_rename', [3, 'buffer', 4, 3, 'buffer', 4], Errno.badf],
  ['path_symlink', ['buffer', 4, 3, 'buffer', 4], Errno.badf],
  ['path_unlink_file', [3, 'buffer', 4], Errno.badf],
  ['sock_accept', [3, 0, 'buffer'], Errno.notsup],
  ['sock_recv', [3, 'list', 1, 0, 'buffer', 'buffer'], Errno.notsup],
  ['sock_send', [3, 'list', 1, 0, 'buffer'], Errno.notsup],
  ['sock_shutdown', [3, 1], Errno.notsup],
  ['fd_close', [noFd], Errno.badf],
  ['fd_close', [0], Errno.success],
  ['fd_read', [0, 'list', 0, 'buffer'], Errno.badf],
];

/** Every import but proc_exit, which answers nothing: a program that calls it ends. */
export const wasiCases: readonly WasiCase[] = calls.map(([name, args, errno]) => {
  const types = signatures[name];
  if (types?.length !== args.length) throw new Error(`${name} does not take ${args.length} arguments`);
  return { name, types, args, errno };
});
