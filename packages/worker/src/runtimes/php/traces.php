<?php

// What the user is shown of an exception: no frames of this folder, and the function's files under their own paths.

declare(strict_types=1);

namespace Relais;

const MESSAGE_BYTES_MAX = 2048;
const STACK_BYTES_MAX = 8192;

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
    foreach ($error->getTrace() as $frame) {
        if (isset($frame['file']) && dirname($frame['file']) === __DIR__) continue;
        $where = isset($frame['file']) ? "{$frame['file']}({$frame['line']})" : '[internal function]';
        $lines[] = '#' . count($lines) . " $where: " . ($frame['class'] ?? '') . ($frame['type'] ?? '') . "{$frame['function']}()";
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
