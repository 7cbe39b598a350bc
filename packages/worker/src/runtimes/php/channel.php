<?php

// How a process and the worker speak.

declare(strict_types=1);

namespace Relais;

/** Frames: two little-endian 32-bit lengths, a JSON header, a payload. */
final class Channel
{
    /** @var resource */
    private $in;
    /** @var resource */
    private $out;

    /** @param ?\Closure $onEnd called when nobody is at the other end any more, before this process exits */
    public function __construct(private ?\Closure $onEnd = null)
    {
        $this->in = fopen('php://fd/3', 'rb');
        $this->out = fopen('php://fd/3', 'wb');
        stream_set_read_buffer($this->in, 0);
    }

    /** @return resource */
    public function readable()
    {
        return $this->in;
    }

    /** @return array{array<string, mixed>, string} header and payload */
    public function read(): array
    {
        ['header' => $headerBytes, 'payload' => $payloadBytes] = unpack('Vheader/Vpayload', $this->readExactly(8));
        $header = json_decode($this->readExactly($headerBytes), true, 64, JSON_THROW_ON_ERROR);
        return [$header, $this->readExactly($payloadBytes)];
    }

    /** @param array<string, mixed> $header */
    public function send(array $header, string $payload = ''): void
    {
        $json = json_encode($header, JSON_INVALID_UTF8_SUBSTITUTE | JSON_UNESCAPED_SLASHES | JSON_THROW_ON_ERROR);
        $this->write(pack('VV', strlen($json), strlen($payload)) . $json);
        $this->write($payload);
    }

    public function close(): void
    {
        fclose($this->in);
        fclose($this->out);
    }

    private function readExactly(int $count): string
    {
        $whole = '';
        while (strlen($whole) < $count) {
            $chunk = fread($this->in, $count - strlen($whole));
            if ($chunk === false || $chunk === '') $this->end();
            $whole .= $chunk;
        }
        return $whole;
    }

    private function write(string $bytes): void
    {
        for ($sent = 0; $sent < strlen($bytes); $sent += $step) {
            $step = @fwrite($this->out, $sent === 0 ? $bytes : substr($bytes, $sent));
            if ($step === false || $step === 0) $this->end();
        }
    }

    private function end(): void
    {
        if ($this->onEnd !== null) ($this->onEnd)();
        exit(0);
    }
}
