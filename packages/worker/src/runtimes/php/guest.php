<?php

// What a process does that serves a PHP function: one frame says which, and a handler is then called once per frame.
// PHP 8.0 or later, no extension but json. The user's file is required by the caller of begin(), in the global scope.

declare(strict_types=1);

namespace Relais;

const MESSAGE_BYTES_MAX = 2048;
const STACK_BYTES_MAX = 8192;
const HTTP_HEADER_BYTES_MAX = 64 * 1024;
/** Where a plain source lies, below the directory of the process. */
const SOURCE_DIRECTORY = '.relais';

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

/** What a handler is told of the call it serves. */
final class Context
{
    public string $invocationId;
    public string $functionName;
    public string $functionId;
    public int $version;
    public int $deadlineMs;
    public string $traceparent;
    public int $attempt;
    public ?object $http;
    public Logger $logger;
    private float $endMs;

    /**
     * @param array<string, mixed> $function
     * @param array<string, mixed> $call
     */
    public function __construct(array $function, array $call)
    {
        $this->invocationId = $call['invocationId'];
        $this->functionName = $function['name'];
        $this->functionId = $function['id'];
        $this->version = $function['version'];
        $this->deadlineMs = $call['deadlineMs'];
        $this->traceparent = $call['traceparent'];
        $this->attempt = $call['attempt'];
        $this->http = isset($call['http']) ? httpOf($call['http']) : null;
        $this->logger = new Logger();
        $this->endMs = hrtime(true) / 1e6 + $call['remainingMs'];
    }

    public function getRemainingTimeMs(): float
    {
        return max(0.0, $this->endMs - hrtime(true) / 1e6);
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

/** What is not JSON is text; nothing at all is null. */
function eventOf(string $payload): mixed
{
    if ($payload === '') return null;
    try {
        return json_decode($payload, true, 512, JSON_THROW_ON_ERROR);
    } catch (\JsonException) {
        return $payload;
    }
}

function bytesOf(mixed $value, int $bytesMax): string
{
    if (!$value instanceof \Generator) return chunkOf($value);
    $whole = '';
    foreach ($value as $chunk) {
        $whole .= chunkOf($chunk);
        if (strlen($whole) > $bytesMax) break;
    }
    return $whole;
}

function chunkOf(mixed $value): string
{
    if ($value === null) return '';
    if (is_string($value)) return $value;
    $flags = JSON_THROW_ON_ERROR | JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE | JSON_PRESERVE_ZERO_FRACTION;
    return json_encode($value, $flags);
}

/** @param array<string, mixed> $response */
function bodyOf(array $response): mixed
{
    $body = $response['body'] ?? null;
    return empty($response['isBase64Encoded']) ? $body : base64_decode((string) $body);
}

/**
 * @param array<string, mixed> $response
 * @return list<array{string, string}>
 */
function headersOf(array $response): array
{
    $pairs = [];
    $bytes = 0;
    foreach ($response['headers'] ?? [] as $name => $values) {
        foreach ((array) $values as $value) {
            $pairs[] = [(string) $name, (string) $value];
            $bytes += strlen((string) $name) + strlen((string) $value);
        }
    }
    if ($bytes > HTTP_HEADER_BYTES_MAX) throw new \LengthException("response headers of $bytes bytes");
    return $pairs;
}

/** An exception and its causes as PHP prints them, without frames of this folder and with the function's own paths. */
function traceOf(\Throwable $error): string
{
    $parts = [];
    for ($cause = $error; $cause !== null && count($parts) < 8; $cause = $cause->getPrevious()) {
        $parts[] = singleTrace($cause);
    }
    return ownPaths(implode("\n\nNext ", array_reverse($parts)));
}

function singleTrace(\Throwable $error): string
{
    $lines = [];
    foreach ($error->getTrace() as $number => $frame) {
        if (isset($frame['file']) && dirname($frame['file']) === __DIR__) break;
        $where = isset($frame['file']) ? "{$frame['file']}({$frame['line']})" : '[internal function]';
        $lines[] = "#$number $where: " . ($frame['class'] ?? '') . ($frame['type'] ?? '') . "{$frame['function']}()";
    }
    $lines[] = '#' . count($lines) . ' {main}';
    $head = get_class($error) . ": {$error->getMessage()} in {$error->getFile()}:{$error->getLine()}";
    return "$head\nStack trace:\n" . implode("\n", $lines);
}

function ownPaths(string $text): string
{
    return str_replace(Guest::$sourceDirectory . '/', '', $text);
}

/** @return array{name: string, message: string, stack: string} */
function describe(\Throwable $error): array
{
    return [
        'name' => substr(get_class($error), 0, 256),
        'message' => substr(ownPaths($error->getMessage()), 0, MESSAGE_BYTES_MAX),
        'stack' => substr(traceOf($error), 0, STACK_BYTES_MAX),
    ];
}

/** The function this process serves. */
final class Guest
{
    public static Channel $channel;
    public static string $sourceDirectory = '';
    /** @var array<string, mixed>|null the first frame of a handler; null for a program */
    public static ?array $load = null;
}

/** Waits for the function; the path of the file to require. */
function begin(): string
{
    Guest::$channel = new Channel();
    [$header, $source] = Guest::$channel->read();
    foreach ($header['env'] as $name => $value) {
        putenv("$name=$value");
        $_SERVER[$name] = $_ENV[$name] = $value;
    }
    $path = place($header, $source);
    $_SERVER['argv'] = $GLOBALS['argv'] = [$header['filename']];
    $_SERVER['argc'] = $GLOBALS['argc'] = 1;
    $_SERVER['PHP_SELF'] = $_SERVER['SCRIPT_NAME'] = $_SERVER['PATH_TRANSLATED'] = $header['filename'];
    $_SERVER['SCRIPT_FILENAME'] = $path;
    $_SERVER['REQUEST_TIME_FLOAT'] = microtime(true);
    $_SERVER['REQUEST_TIME'] = (int) $_SERVER['REQUEST_TIME_FLOAT'];
    if ($header['type'] === 'load') Guest::$load = $header;
    set_exception_handler(Guest::$load === null ? 'Relais\programThrew' : 'Relais\loadThrew');
    return $path;
}

/**
 * PHP runs files, so a plain source becomes one.
 *
 * @param array<string, mixed> $header
 */
function place(array $header, string $source): string
{
    if (isset($header['directory'])) {
        Guest::$sourceDirectory = $header['directory'];
        chdir($header['directory']);
        return "{$header['directory']}/{$header['filename']}";
    }
    Guest::$sourceDirectory = getcwd() . '/' . SOURCE_DIRECTORY;
    mkdir(Guest::$sourceDirectory, 0o700);
    $path = Guest::$sourceDirectory . '/' . basename($header['filename']);
    file_put_contents($path, $source);
    return $path;
}

function programThrew(\Throwable $error): void
{
    file_put_contents('php://stderr', 'PHP Fatal error:  Uncaught ' . traceOf($error) . "\n");
    exit(255);
}

function loadThrew(\Throwable $error): void
{
    Guest::$channel->send(['type' => 'failed', 'error' => describe($error)]);
    exit(255);
}

/** Serves the calls of a handler for as long as there is somebody to answer to; returns at once for a program. */
function serve(): void
{
    if (Guest::$load === null) return;
    $handler = findHandler();
    if ($handler === null) {
        loadThrew(new \Error('the source defines no function named handler'));
    }
    set_exception_handler(null);
    Guest::$channel->send(['type' => 'ready']);
    for (;;) {
        [$header, $payload] = Guest::$channel->read();
        [$reply, $output] = answer($handler, $header, $payload);
        while (ob_get_level() > 0) ob_end_flush();
        Guest::$channel->send($reply + ['call' => $header['call']], $output);
    }
}

/** The user's function "handler", in whatever namespace it is. */
function findHandler(): ?callable
{
    foreach (get_defined_functions()['user'] as $name) {
        if ($name === 'handler' || str_ends_with($name, '\\handler')) return $name;
    }
    return null;
}

/**
 * @param array<string, mixed> $header
 * @return array{array<string, mixed>, string}
 */
function answer(callable $handler, array $header, string $payload): array
{
    try {
        $value = $handler(eventOf($payload), new Context(Guest::$load['function'], $header));
        $reply = ['type' => 'result'];
        if (isset($header['http']) && is_array($value) && is_int($value['statusCode'] ?? null)) {
            $reply['http'] = ['status' => $value['statusCode'], 'headers' => headersOf($value)];
            $value = bodyOf($value);
        }
        $output = bytesOf($value, Guest::$load['outputBytesMax']);
        if (strlen($output) <= Guest::$load['outputBytesMax']) return [$reply, $output];
        return [['type' => 'overflow', 'bytes' => strlen($output)], ''];
    } catch (\Throwable $error) {
        return [['type' => 'error', 'error' => describe($error)], ''];
    }
}
