import { Errno } from './errno.js';
import type { WasiCall } from './wasi-call.js';

type Fn = (...args: (number | bigint)[]) => Errno;

/**
 * Every call on files, directories and sockets, answered as a world that has none: three streams that are pipes, and no
 * other descriptor.
 */
export function noFileFunctions(call: WasiCall): Record<string, Fn> {
  /** For calls that make no sense on a pipe: `onStream` for an open stream, EBADF for anything else. */
  const onStream = (errno: Errno): Fn => {
    return (fd) => (call.isOpen(Number(fd) >>> 0) ? errno : Errno.badf);
  };
  /** The same for calls whose first directory descriptor is not the first argument. */
  const onStreamAt = (index: number, errno: Errno): Fn => {
    return (...args) => (call.isOpen(Number(args[index]) >>> 0) ? errno : Errno.badf);
  };
  const notSupported: Fn = () => Errno.notsup;

  return {
    fd_advise: onStream(Errno.spipe),
    fd_allocate: onStream(Errno.spipe),
    fd_datasync: onStream(Errno.inval),
    fd_fdstat_set_rights: onStream(Errno.notsup),
    fd_filestat_set_size: onStream(Errno.inval),
    fd_filestat_set_times: onStream(Errno.notsup),
    fd_pread: onStream(Errno.spipe),
    fd_pwrite: onStream(Errno.spipe),
    // No descriptor is a pre-opened directory: this is how a program learns that there are no files.
    fd_prestat_get: () => Errno.badf,
    fd_prestat_dir_name: () => Errno.badf,
    fd_readdir: onStream(Errno.notdir),
    fd_renumber: onStream(Errno.notsup),
    fd_seek: onStream(Errno.spipe),
    fd_sync: onStream(Errno.inval),
    fd_tell: onStream(Errno.spipe),
    path_create_directory: onStream(Errno.notdir),
    path_filestat_get: onStream(Errno.notdir),
    path_filestat_set_times: onStream(Errno.notdir),
    path_link: onStream(Errno.notdir),
    path_open: onStream(Errno.notdir),
    path_readlink: onStream(Errno.notdir),
    path_remove_directory: onStream(Errno.notdir),
    path_rename: onStream(Errno.notdir),
    path_symlink: onStreamAt(2, Errno.notdir),
    path_unlink_file: onStream(Errno.notdir),
    sock_accept: notSupported,
    sock_recv: notSupported,
    sock_send: notSupported,
    sock_shutdown: notSupported,
  };
}
