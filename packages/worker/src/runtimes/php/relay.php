<?php

// Leads what comes to a port of loopback to the socket behind which the network is, in a process beside the function's.

declare(strict_types=1);

namespace Relais;

/** One end of a connection that is led on. */
final class End
{
    public End $other;
    /** What the other end said and this one has not taken. */
    public string $pending = '';
    /** Whether it has said all. */
    public bool $ended = false;

    /** @param resource $stream */
    public function __construct(public $stream)
    {
        stream_set_blocking($stream, false);
    }
}

final class Relay
{
    private const CHUNK_BYTES = 64 * 1024;
    /** @var array<int, End> by the number of the stream */
    private array $ends = [];

    /** @param resource $listener */
    private function __construct(private $listener, private string $path)
    {
    }

    public static function start(int $port, string $path): void
    {
        if (!function_exists('pcntl_fork')) throw new \Error('a function with a network needs the extension pcntl');
        $listener = stream_socket_server("tcp://127.0.0.1:$port");
        if ($listener === false) throw new \Error("port $port cannot be listened on");
        $child = pcntl_fork();
        if ($child === 0) {
            // No child of the function's own, which may wait for its children.
            if (pcntl_fork() === 0) (new Relay($listener, $path))->serve();
            exit(0);
        }
        pcntl_waitpid($child, $status);
        fclose($listener);
        // PHP's own streams do not look at the environment.
        stream_context_set_default(['http' => ['proxy' => "tcp://127.0.0.1:$port"]]);
    }

    private function serve(): void
    {
        for (;;) {
            [$readable, $writable] = [[$this->listener], []];
            foreach ($this->ends as $end) {
                // What cannot go on is not read.
                if (!$end->ended && $end->other->pending === '') $readable[] = $end->stream;
                if ($end->pending !== '') $writable[] = $end->stream;
            }
            $none = null;
            if (@stream_select($readable, $writable, $none, null) === false) continue;
            foreach ($writable as $stream) $this->write($stream);
            foreach ($readable as $stream) $stream === $this->listener ? $this->accept() : $this->read($stream);
        }
    }

    private function accept(): void
    {
        $inner = @stream_socket_accept($this->listener, 0);
        if ($inner === false) return;
        $outer = @stream_socket_client("unix://{$this->path}");
        if ($outer === false) {
            fclose($inner);
            return;
        }
        [$one, $other] = [new End($inner), new End($outer)];
        [$one->other, $other->other] = [$other, $one];
        $this->ends[get_resource_id($inner)] = $one;
        $this->ends[get_resource_id($outer)] = $other;
    }

    /** @param resource $stream */
    private function read($stream): void
    {
        $end = $this->ends[get_resource_id($stream)] ?? null;
        if ($end === null) return;
        $chunk = @fread($stream, self::CHUNK_BYTES);
        if (is_string($chunk) && $chunk !== '') {
            $end->other->pending = $chunk;
            return;
        }
        if (!feof($stream)) return;
        $end->ended = true;
        if ($end->other->ended) $this->drop($end);
        else stream_socket_shutdown($end->other->stream, STREAM_SHUT_WR);
    }

    /** @param resource $stream */
    private function write($stream): void
    {
        $end = $this->ends[get_resource_id($stream)] ?? null;
        if ($end === null) return;
        $count = @fwrite($stream, $end->pending);
        if ($count === false || $count === 0) $this->drop($end);
        else $end->pending = substr($end->pending, $count);
    }

    private function drop(End $end): void
    {
        foreach ([$end, $end->other] as $one) {
            unset($this->ends[get_resource_id($one->stream)]);
            fclose($one->stream);
        }
    }
}
