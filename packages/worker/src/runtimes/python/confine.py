"""Namespaces of its own for each process that the fork server forks. Linux only, by libc; Python 3.9 or later.

The fork server itself runs in a sandbox and has the rights over it that this takes.
"""
import base64
import contextlib
import ctypes
import fcntl
import os
import resource
import signal
import socket
import struct

CLONE_NEWNS = 0x00020000
CLONE_NEWCGROUP = 0x02000000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000
MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REC, MS_PRIVATE = 2, 4, 8, 1 << 14, 1 << 18
MNT_DETACH = 2
PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, PR_CAP_AMBIENT = 24, 38, 22, 47
PR_CAP_AMBIENT_CLEAR_ALL = 4
SECCOMP_MODE_FILTER = 2
CAPABILITY_VERSION_3 = 0x20080522
SIOCSIFFLAGS = 0x8914
IFF_UP = 1
INTERFACE_FLAGS = struct.Struct("16sH22x")
LIMITS = (
    (resource.RLIMIT_NOFILE, "filesMax"),
    (resource.RLIMIT_FSIZE, "fileBytesMax"),
    (resource.RLIMIT_NPROC, "tasksMax"),
    (resource.RLIMIT_DATA, "dataBytesMax"),
)
STATUS = struct.Struct("<i")


def checked(libc, name, *args):
    function = getattr(libc, name)
    if function(*args) != 0:
        raise OSError(ctypes.get_errno(), name)


class Confiner:
    def __init__(self, libc):
        self.libc = libc
        self.own_pids = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)

    def fork(self):
        """Like os.fork, but the child is process 1 of a namespace. Also the end of a pipe, of which the child has the other."""
        status_read, status_write = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            checked(self.libc, "unshare", CLONE_NEWPID)
            try:
                pid = os.fork()
            finally:
                # Only what is forked from here on: a process cannot leave its own.
                if os.getpid() != 1:
                    checked(self.libc, "setns", self.own_pids, CLONE_NEWPID)
        except OSError:
            os.close(status_read)
            os.close(status_write)
            raise
        mine, other = (status_write, status_read) if pid == 0 else (status_read, status_write)
        os.close(other)
        return pid, mine

    def enter(self, confinement, status_write):
        """In process 1: separates the namespaces and forks once more; returns in the new process, which has no rights left."""
        for path in confinement["joins"]:
            with open(path, "w", encoding="ascii") as file:
                file.write("0")
        os.close(self.own_pids)
        self.separate(confinement)
        pid = os.fork()
        if pid == 0:
            os.close(status_write)
            self.give_up(confinement)
        else:
            keep(pid, status_write)

    def separate(self, confinement):
        libc = self.libc
        checked(libc, "unshare", CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET | CLONE_NEWCGROUP)
        if confinement["loopback"]:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
                fcntl.ioctl(any_socket, SIOCSIFFLAGS, INTERFACE_FLAGS.pack(b"lo", IFF_UP))
        os.chdir("/")
        checked(libc, "mount", None, b"/", None, ctypes.c_ulong(MS_REC | MS_PRIVATE), None)
        for path in confinement["hidden"]:
            checked(libc, "umount2", path.encode(), MNT_DETACH)
        options = f"mode=1777,size={confinement['tmpBytesMax']}".encode()
        checked(libc, "mount", b"tmp", b"/tmp", b"tmpfs", ctypes.c_ulong(MS_NOSUID | MS_NODEV), options)
        flags = ctypes.c_ulong(MS_NOSUID | MS_NODEV | MS_NOEXEC)
        checked(libc, "mount", b"proc", b"/proc", b"proc", flags, None)
        os.chdir("/tmp")

    def give_up(self, confinement):
        libc = self.libc
        uid, gid = os.getuid(), os.getgid()
        checked(libc, "unshare", CLONE_NEWUSER)
        for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
            with open("/proc/self/" + name, "w", encoding="ascii") as file:
                file.write(text)
        seconds = confinement["cpuSecondsMax"]
        if seconds > 0:
            # A signal that says what it is, before one that cannot be ignored.
            resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
        for limit, most in LIMITS:
            if confinement[most] > 0:
                resource.setrlimit(limit, (confinement[most], confinement[most]))
        checked(libc, "prctl", PR_SET_NO_NEW_PRIVS, *map(ctypes.c_ulong, (1, 0, 0, 0)))
        checked(libc, "prctl", PR_CAP_AMBIENT, *map(ctypes.c_ulong, (PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)))
        capability = 0
        while libc.prctl(PR_CAPBSET_DROP, *map(ctypes.c_ulong, (capability, 0, 0, 0))) == 0:
            capability += 1
        nothing = ctypes.create_string_buffer(24)
        header = struct.pack("<Ii", CAPABILITY_VERSION_3, 0)
        checked(libc, "capset", ctypes.create_string_buffer(header, 8), nothing)
        if confinement["filter"]:
            install(libc, base64.b64decode(confinement["filter"]))


def install(libc, code):
    class Program(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]

    instructions = ctypes.create_string_buffer(code, len(code))
    program = Program(len(code) // 8, ctypes.addressof(instructions))
    checked(libc, "prctl", PR_SET_SECCOMP, ctypes.c_ulong(SECCOMP_MODE_FILTER), ctypes.byref(program), *map(ctypes.c_ulong, (0, 0)))


def keep(guest, status_write):
    """What process 1 does: reaps everybody until the guest ends, says how, and with its own end ends what is left."""
    for name in ("SIGTERM", "SIGINT", "SIGHUP"):
        signal.signal(getattr(signal, name), signal.SIG_IGN)
    # The streams of the guest are the guest's to close.
    for fd in range(4):
        with contextlib.suppress(OSError):
            os.close(fd)
    while True:
        pid, status = os.wait()
        if pid == guest:
            os.write(status_write, STATUS.pack(status))
            os._exit(0)


def status_of(status_read, fallback):
    """How the guest of a process 1 that is gone has ended; `fallback` is how that process did."""
    try:
        told = os.read(status_read, STATUS.size)
    except BlockingIOError:
        told = b""
    os.close(status_read)
    return STATUS.unpack(told)[0] if len(told) == STATUS.size else fallback
