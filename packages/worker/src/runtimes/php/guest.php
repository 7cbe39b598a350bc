<?php

// What a process does that serves a PHP function: one frame says which, and a handler is then called once per frame.
// PHP 8.0 or later, no extension but json. The user's file is required by the caller of begin(), in the global scope.

declare(strict_types=1);

namespace Relais;

require __DIR__ . '/channel.php';
require __DIR__ . '/context.php';
require __DIR__ . '/parts.php';
require __DIR__ . '/relay.php';
require __DIR__ . '/spans.php';
require __DIR__ . '/traces.php';
require __DIR__ . '/values.php';

/** Where a plain source lies, below the directory of the process. */
const SOURCE_DIRECTORY = '.relais';

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
    if (isset($header['egress'])) Relay::start($header['egress']['port'], $header['egress']['socket']);
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
        // Credit that came too late: its call has ended.
        if ($header['type'] !== 'call') continue;
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
        $value = $handler(eventOf($payload), new Context(Guest::$load['function'], $header, Guest::$channel));
        $reply = ['type' => 'result'];
        if (isset($header['http']) && is_array($value) && is_int($value['statusCode'] ?? null)) {
            $reply['http'] = ['status' => $value['statusCode'], 'headers' => headersOf($value)];
            $value = bodyOf($value);
        }
        if (isset($header['windowBytes']) && $value instanceof \Generator) {
            (new Parts(Guest::$channel, $header['call'], $header['windowBytes']))->sendAll($value, $reply['http'] ?? null);
            return [['type' => 'result'], ''];
        }
        $output = bytesOf($value, Guest::$load['outputBytesMax']);
        if (strlen($output) <= Guest::$load['outputBytesMax']) return [$reply, $output];
        return [['type' => 'overflow', 'bytes' => strlen($output)], ''];
    } catch (\Throwable $error) {
        return [['type' => 'error', 'error' => describe($error)], ''];
    }
}
