<?php

// What goes into a handler and what comes out of it.

declare(strict_types=1);

namespace Relais;

const HTTP_HEADER_BYTES_MAX = 64 * 1024;

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
    return empty($response['isBase64Encoded']) ? $body : fromBase64((string) $body);
}

/** Either alphabet, padded or not, spaces ignored. */
function fromBase64(string $text): string
{
    $bytes = base64_decode(strtr($text, '-_', '+/'), true);
    return $bytes !== false
        ? $bytes
        : throw new \UnexpectedValueException('the body of the response is not base64, as isBase64Encoded says');
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
