<?php

// Namespaces of its own for each process that the fork server forks; Linux only. The fork server itself runs in a sandbox
// and has the rights over it that this takes.

declare(strict_types=1);

namespace Relais;

final class Confiner
{
    private const DECLARATIONS = '
        int unshare(int flags);
        int setns(int fd, int type);
        int mount(const char *source, const char *target, const char *type, unsigned long flags, const char *data);
        int umount2(const char *target, int flags);
        int prctl(int option, unsigned long a, void *b, unsigned long c, unsigned long d);
        struct limit { unsigned long soft; unsigned long hard; };
        int setrlimit(int resource, const struct limit *limit);
        struct capability_header { unsigned int version; int pid; };
        int capset(struct capability_header *header, const char *data);
        struct filter { unsigned short length; char *instructions; };
        int pipe2(int *fds, int flags);
        int open(const char *path, int flags);
        int close(int fd);
        void _exit(int code);
        long read(int fd, int *word, unsigned long count);
        long write(int fd, const int *word, unsigned long count);
        struct interface_flags { char name[16]; short flags; char rest[22]; };
        int socket(int domain, int type, int protocol);
        int ioctl(int fd, unsigned long request, struct interface_flags *flags);';
    private const CLONE_NEWNS = 0x00020000;
    private const CLONE_NEWCGROUP = 0x02000000;
    private const CLONE_NEWUTS = 0x04000000;
    private const CLONE_NEWIPC = 0x08000000;
    private const CLONE_NEWUSER = 0x10000000;
    private const CLONE_NEWPID = 0x20000000;
    private const CLONE_NEWNET = 0x40000000;
    private const MS_NOSUID = 2;
    private const MS_NODEV = 4;
    private const MS_NOEXEC = 8;
    private const MS_REC_PRIVATE = (1 << 14) | (1 << 18);
    private const MNT_DETACH = 2;
    private const O_CLOEXEC = 0o2000000;
    private const O_NONBLOCK = 0o4000;
    /** RLIMIT_FSIZE, RLIMIT_DATA, RLIMIT_NPROC and RLIMIT_NOFILE. */
    private const LIMITS = [1 => 'fileBytesMax', 2 => 'dataBytesMax', 6 => 'tasksMax', 7 => 'filesMax'];
    private const RLIMIT_CPU = 0;
    private const PR_SET_SECCOMP = 22;
    private const PR_CAPBSET_DROP = 24;
    private const PR_SET_NO_NEW_PRIVS = 38;
    private const PR_CAP_AMBIENT = 47;
    private const PR_CAP_AMBIENT_CLEAR_ALL = 4;
    private const SECCOMP_MODE_FILTER = 2;
    private const CAPABILITY_VERSION_3 = 0x20080522;
    private const AF_INET = 2;
    private const SOCK_DGRAM = 2;
    private const SIOCSIFFLAGS = 0x8914;
    private const IFF_UP = 1;
    private const WORD = 4;

    private \FFI $libc;
    private int $ownPids;

    public function __construct()
    {
        $this->libc = \FFI::cdef(self::DECLARATIONS);
        $this->ownPids = $this->libc->open('/proc/self/ns/pid', self::O_CLOEXEC);
        if ($this->ownPids < 0) throw new \RuntimeException('no /proc');
    }

    /**
     * Like pcntl_fork, but the child is process 1 of a namespace; and the end of a pipe, of which the child has the other.
     *
     * @return array{int, int}
     */
    public function fork(): array
    {
        $pipe = $this->libc->new('int[2]');
        $this->check('pipe2', $pipe, self::O_CLOEXEC | self::O_NONBLOCK);
        [$read, $write] = [$pipe[0], $pipe[1]];
        $pid = $this->libc->unshare(self::CLONE_NEWPID) === 0 ? @pcntl_fork() : -1;
        if ($pid === 0) {
            $this->libc->close($read);
            return [0, $write];
        }
        $this->libc->close($write);
        // Only what is forked from here on: a process cannot leave its own.
        $this->check('setns', $this->ownPids, self::CLONE_NEWPID);
        if ($pid > 0) return [$pid, $read];
        $this->libc->close($read);
        throw new \RuntimeException('cannot fork');
    }

    /**
     * In process 1: separates the namespaces and forks once more; returns in the new process, which has no rights left.
     *
     * @param array<string, mixed> $confinement
     */
    public function enter(array $confinement, int $statusPipe): void
    {
        foreach ($confinement['joins'] as $path) file_put_contents($path, '0');
        $this->libc->close($this->ownPids);
        $this->separate($confinement);
        $pid = pcntl_fork();
        if ($pid < 0) throw new \RuntimeException('cannot fork');
        if ($pid > 0) $this->keep($pid, $statusPipe);
        $this->libc->close($statusPipe);
        $this->giveUp($confinement);
    }

    /** How the guest of a process 1 that is gone has ended; `fallback` is how that process did. */
    public function statusOf(int $statusPipe, int $fallback): int
    {
        $word = $this->libc->new('int');
        $told = $this->libc->read($statusPipe, \FFI::addr($word), self::WORD);
        $this->libc->close($statusPipe);
        return $told === self::WORD ? $word->cdata : $fallback;
    }

    /** @param array<string, mixed> $confinement */
    private function separate(array $confinement): void
    {
        $namespaces = self::CLONE_NEWNS | self::CLONE_NEWIPC | self::CLONE_NEWUTS | self::CLONE_NEWNET | self::CLONE_NEWCGROUP;
        $this->check('unshare', $namespaces);
        if ($confinement['loopback']) $this->switchLoopbackOn();
        chdir('/');
        $this->check('mount', null, '/', null, self::MS_REC_PRIVATE, null);
        foreach ($confinement['hidden'] as $path) $this->check('umount2', $path, self::MNT_DETACH);
        $size = "mode=1777,size={$confinement['tmpBytesMax']}";
        $this->check('mount', 'tmp', '/tmp', 'tmpfs', self::MS_NOSUID | self::MS_NODEV, $size);
        $this->check('mount', 'proc', '/proc', 'proc', self::MS_NOSUID | self::MS_NODEV | self::MS_NOEXEC, null);
        chdir('/tmp');
    }

    private function switchLoopbackOn(): void
    {
        $flags = $this->libc->new('struct interface_flags');
        \FFI::memcpy($flags->name, 'lo', 2);
        $flags->flags = self::IFF_UP;
        $socket = $this->libc->socket(self::AF_INET, self::SOCK_DGRAM, 0);
        $this->check('ioctl', $socket, self::SIOCSIFFLAGS, \FFI::addr($flags));
        $this->libc->close($socket);
    }

    /** @param array<string, mixed> $confinement */
    private function giveUp(array $confinement): void
    {
        [$uid, $gid] = [posix_getuid(), posix_getgid()];
        $this->check('unshare', self::CLONE_NEWUSER);
        file_put_contents('/proc/self/setgroups', 'deny');
        file_put_contents('/proc/self/uid_map', "$uid $uid 1");
        file_put_contents('/proc/self/gid_map', "$gid $gid 1");
        foreach (self::LIMITS as $resource => $most) $this->limit($resource, $confinement[$most], $confinement[$most]);
        $seconds = $confinement['cpuSecondsMax'];
        // A signal that says what it is, before one that cannot be ignored.
        $this->limit(self::RLIMIT_CPU, $seconds, $seconds + 1);
        $this->check('prctl', self::PR_SET_NO_NEW_PRIVS, 1, null, 0, 0);
        $this->check('prctl', self::PR_CAP_AMBIENT, self::PR_CAP_AMBIENT_CLEAR_ALL, null, 0, 0);
        for ($capability = 0; $this->libc->prctl(self::PR_CAPBSET_DROP, $capability, null, 0, 0) === 0;) $capability++;
        $header = $this->libc->new('struct capability_header');
        $header->version = self::CAPABILITY_VERSION_3;
        $this->check('capset', \FFI::addr($header), str_repeat("\0", 24));
        if ($confinement['filter'] !== '') $this->install(base64_decode($confinement['filter']));
    }

    /** Nothing is limited to 0. */
    private function limit(int $resource, int $soft, int $hard): void
    {
        if ($soft === 0) return;
        $limit = $this->libc->new('struct limit');
        $limit->soft = $soft;
        $limit->hard = $hard;
        $this->check('setrlimit', $resource, \FFI::addr($limit));
    }

    private function install(string $code): void
    {
        $bytes = strlen($code);
        $instructions = $this->libc->new("char[$bytes]");
        \FFI::memcpy($instructions, $code, $bytes);
        $filter = $this->libc->new('struct filter');
        $filter->length = intdiv($bytes, 8);
        $filter->instructions = \FFI::cast('char *', \FFI::addr($instructions));
        $this->check('prctl', self::PR_SET_SECCOMP, self::SECCOMP_MODE_FILTER, \FFI::addr($filter), 0, 0);
    }

    /** What process 1 does: reaps everybody until the guest ends, says how, and with its own end ends what is left. */
    private function keep(int $guest, int $statusPipe): void
    {
        // The streams of the guest are the guest's to close.
        for ($fd = 0; $fd < 4; $fd++) $this->libc->close($fd);
        do {
            $pid = pcntl_wait($status);
        } while ($pid !== $guest);
        $word = $this->libc->new('int');
        $word->cdata = $status;
        $this->libc->write($statusPipe, \FFI::addr($word), self::WORD);
        // What PHP does at its end is for the guest alone.
        $this->libc->_exit(0);
    }

    private function check(string $name, mixed ...$args): void
    {
        if ($this->libc->$name(...$args) !== 0) throw new \RuntimeException($name);
    }
}
