<?php

// What a handler is told of the call it serves.

declare(strict_types=1);

namespace Relais;

/** What a handler is told of the call it serves. */
final class Context
{
    public string $invocationId;
    public string $functionName;
    public string $functionId;
    public int $version;
    public int $deadlineMs;
    public string $traceparent;
    public ?string $tracestate;
    public int $attempt;
    public ?object $http;
    public Logger $logger;
    private float $endMs;
    private Spans $spans;

    /**
     * @param array<string, mixed> $function
     * @param array<string, mixed> $call
     */
    public function __construct(array $function, array $call, Channel $channel)
    {
        $this->invocationId = $call['invocationId'];
        $this->functionName = $function['name'];
        $this->functionId = $function['id'];
        $this->version = $function['version'];
        $this->deadlineMs = $call['deadlineMs'];
        $this->traceparent = $call['traceparent'];
        $this->tracestate = $call['tracestate'] ?? null;
        $this->attempt = $call['attempt'];
        $this->http = isset($call['http']) ? httpOf($call['http']) : null;
        $this->logger = new Logger();
        $this->endMs = hrtime(true) / 1e6 + $call['remainingMs'];
        $this->spans = new Spans($call, $channel);
    }

    public function getRemainingTimeMs(): float
    {
        return max(0.0, $this->endMs - hrtime(true) / 1e6);
    }

    /**
     * Times what $run does, under the span around it; gives back what it gives back.
     *
     * @param array<string, string|int|float|bool> $attributes
     */
    public function span(string $name, callable $run, array $attributes = []): mixed
    {
        return $this->spans->time($name, $run, $attributes);
    }
}

/** Writes log lines with their level. */
final class Logger
{
    public function debug(string $message): void
    {
        $this->line('DEBUG', $message);
    }

    public function info(string $message): void
    {
        $this->line('INFO', $message);
    }

    public function warning(string $message): void
    {
        $this->line('WARNING', $message);
    }

    public function error(string $message): void
    {
        $this->line('ERROR', $message);
    }

    private function line(string $level, string $message): void
    {
        file_put_contents('php://stderr', "$level $message\n");
    }
}

/** @param array<string, mixed> $request */
function httpOf(array $request): object
{
    $headers = [];
    foreach ($request['headers'] as ['name' => $name, 'value' => $value]) {
        $separator = $name === 'cookie' ? '; ' : ', ';
        $headers[$name] = isset($headers[$name]) ? $headers[$name] . $separator . $value : $value;
    }
    ['method' => $method, 'path' => $path, 'query' => $query] = $request;
    return (object) ['method' => $method, 'path' => $path, 'query' => $query, 'headers' => $headers];
}
