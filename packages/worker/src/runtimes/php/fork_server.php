<?php

// Forks the processes of functions from one PHP that has started. Asked on file descriptor 3; runs no code of a user but in
// the processes it forks, which go on like the shim.

declare(strict_types=1);

namespace Relais;

require __DIR__ . '/guest.php';
require __DIR__ . '/confine.php';

final class ForkServer
{
    private const DOOR = 'guests';
    /** A signal that comes just before the wait does not end it, so the wait is no longer than this while guests live. */
    private const WAIT_MICROSECONDS = 200_000;
    private const DECLARATIONS = '
        void *signal(int number, void *handler);
        int prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d);
        int dup2(int from, int to);
        int open(const char *path, int flags);
        int close(int fd);
        long write(int fd, const char *bytes, unsigned long count);
        struct address { unsigned short family; char path[108]; };
        int socket(int domain, int type, int protocol);
        int connect(int fd, const struct address *address, unsigned int size);';
    private const PR_SET_PDEATHSIG = 1;
    private const O_RDWR = 2;

    private Channel $control;
    private \FFI $libc;
    private int $pid;
    private ?Confiner $confiner = null;
    /** @var array<int, int> the numbers of requests by the pids of their guests */
    private array $guests = [];
    /** @var array<int, int> where process 1 of a confined guest says how that ended */
    private array $statusPipes = [];

    /** Serves until it is in a forked process. */
    public function serve(): void
    {
        $this->control = new Channel(fn () => array_map([$this, 'kill'], array_keys($this->guests)));
        if (!$this->able()) {
            $this->control->send(['type' => 'unable', 'why' => 'needs the extensions pcntl, posix and ffi']);
            exit(0);
        }
        $this->pid = getmypid();
        pcntl_async_signals(true);
        // Ends the wait for work: some guest has ended.
        pcntl_signal(SIGCHLD, static fn () => null, false);
        do {
            $request = $this->next();
        } while ($request === null || !$this->fork($request));
        try {
            $this->becomeGuest($request);
        } catch (\Throwable) {
            posix_kill(getmypid(), SIGKILL);
        }
    }

    private function able(): bool
    {
        if (!function_exists('pcntl_fork') || !function_exists('posix_setsid') || !class_exists('FFI')) return false;
        try {
            $this->libc = \FFI::cdef(self::DECLARATIONS);
            // When the worker is gone this process sees its channel end, and then ends its guests' own children too.
            return $this->libc->prctl(self::PR_SET_PDEATHSIG, 0, 0, 0, 0) === 0;
        } catch (\FFI\Exception) {
            return false;
        }
    }

    /** @return array<string, mixed>|null a request to fork, when there was one */
    private function next(): ?array
    {
        $readable = [$this->control->readable()];
        $none = null;
        $seconds = $this->guests === [] ? null : 0;
        $ready = @stream_select($readable, $none, $none, $seconds, $seconds === null ? null : self::WAIT_MICROSECONDS);
        $this->reap();
        if ($ready !== 1) return null;
        [$request] = $this->control->read();
        if ($request['type'] === 'fork') return $request;
        $pid = array_search($request['id'], $this->guests, true);
        if ($pid !== false) $this->kill($pid);
        return null;
    }

    private function kill(int $pid): void
    {
        // The group is made by the guest, which may not have come so far.
        posix_kill($pid, SIGKILL);
        posix_kill(-$pid, SIGKILL);
    }

    /** @param array<string, mixed> $request */
    private function fork(array $request): bool
    {
        $id = $request['id'];
        [$pid, $statusPipe] = isset($request['confinement']) ? $this->forkConfined() : [@pcntl_fork(), null];
        if ($pid === 0) {
            // What others say is not for this one.
            foreach ($this->statusPipes as $pipe) $this->libc->close($pipe);
            $this->statusPipes = $statusPipe === null ? [] : [0 => $statusPipe];
            return true;
        }
        if ($pid > 0) {
            $this->guests[$pid] = $id;
            if ($statusPipe !== null) $this->statusPipes[$pid] = $statusPipe;
            $this->control->send(['type' => 'forked', 'id' => $id, 'pid' => $pid]);
        } else {
            $this->control->send(['type' => 'exited', 'id' => $id, 'exitCode' => 71, 'signal' => 0]);
        }
        return false;
    }

    /** @return array{int, int|null} like pcntl_fork, and a pipe */
    private function forkConfined(): array
    {
        try {
            $this->confiner ??= new Confiner();
            return $this->confiner->fork();
        } catch (\RuntimeException) {
            return [-1, null];
        }
    }

    private function reap(): void
    {
        while ($this->guests !== [] && ($pid = pcntl_waitpid(-1, $status, WNOHANG)) > 0) {
            if (!isset($this->guests[$pid])) continue;
            $id = $this->guests[$pid];
            unset($this->guests[$pid]);
            // The group's number is not given anew while a member of it lives.
            posix_kill(-$pid, SIGKILL);
            if (isset($this->statusPipes[$pid])) {
                $status = $this->confiner->statusOf($this->statusPipes[$pid], $status);
                unset($this->statusPipes[$pid]);
            }
            $exited = pcntl_wifexited($status);
            $this->control->send([
                'type' => 'exited',
                'id' => $id,
                'exitCode' => $exited ? pcntl_wexitstatus($status) : 0,
                'signal' => $exited ? 0 : pcntl_wtermsig($status),
            ]);
        }
    }

    /**
     * Turns this forked process into one that was never anything else than a guest.
     *
     * @param array<string, mixed> $request
     */
    private function becomeGuest(array $request): void
    {
        // The parent of process 1 of a namespace has no number in it, and takes everything with it.
        $confined = isset($request['confinement']);
        if (!$confined) {
            $this->libc->prctl(self::PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
            if (posix_getppid() !== $this->pid) exit(0);
            posix_setsid();
        }
        pcntl_async_signals(false);
        // PHP's own way leaves a handler of its own, which would interrupt the user's code.
        $this->libc->signal(SIGCHLD, null);
        $this->control->close();
        foreach ([3, 1, 2] as $digit => $fd) $this->fetchStream($request['token'] . $digit, $fd);
        chdir($request['directory']);
        $this->replace($this->libc->open('stdin', self::O_RDWR), 0);
        unlink('stdin');
        if ($confined) {
            $this->confiner->enter($request['confinement'], $this->statusPipes[0]);
            posix_setsid();
        }
        foreach (['HOME', 'TMPDIR'] as $name) {
            putenv($name . '=' . getcwd());
            $_SERVER[$name] = getcwd();
        }
        ini_set('memory_limit', "{$request['setup']['memoryMb']}M");
        error_clear_last();
    }

    /** Makes a connection to the worker this file descriptor, in place of what it was. */
    private function fetchStream(string $greeting, int $fd): void
    {
        $address = $this->libc->new('struct address');
        $address->family = 1;
        \FFI::memcpy($address->path, self::DOOR, strlen(self::DOOR));
        $stream = $this->libc->socket(1, 1, 0);
        $failed = $this->libc->connect($stream, \FFI::addr($address), \FFI::sizeof($address)) !== 0;
        if ($failed || $this->libc->write($stream, $greeting, strlen($greeting)) !== strlen($greeting)) {
            throw new \RuntimeException('the worker is gone');
        }
        $this->replace($stream, $fd);
    }

    private function replace(int $from, int $to): void
    {
        if ($from < 0 || $this->libc->dup2($from, $to) !== $to) throw new \RuntimeException('no descriptor');
        $this->libc->close($from);
    }
}

(new ForkServer())->serve();
require begin();
serve();
