<?php

// Times what user code wants timed.

declare(strict_types=1);

namespace Relais;

const SPANS_MAX = 100;
const SPAN_ATTRIBUTES_MAX = 16;
const SPAN_TEXT_BYTES_MAX = 256;

/** Makes the spans of one call. */
final class Spans
{
    private int $left;
    private float $beganMs;
    /** The span that surrounds what runs now. */
    private string $around;

    /** @param array<string, mixed> $call */
    public function __construct(private array $call, private Channel $channel)
    {
        $this->beganMs = hrtime(true) / 1e6;
        $this->around = substr($call['traceparent'], 36, 16);
        $this->left = hexdec(substr($call['traceparent'], -2)) & 1 ? SPANS_MAX : 0;
    }

    /** @param array<string, mixed> $attributes */
    public function time(string $name, callable $run, array $attributes): mixed
    {
        if ($this->left <= 0) return $run();
        $this->left--;
        $parent = $this->around;
        $this->around = bin2hex(random_bytes(8));
        $told = ['spanId' => $this->around, 'parentSpanId' => $parent, 'offsetMs' => $this->offsetMs(), 'failed' => true];
        $told += ['name' => substr($name, 0, SPAN_TEXT_BYTES_MAX), 'attributes' => (object) attributesOf($attributes)];
        try {
            $value = $run();
            $told['failed'] = false;
            return $value;
        } finally {
            $this->around = $parent;
            $told['durationMs'] = $this->offsetMs() - $told['offsetMs'];
            $this->channel->send(['type' => 'span', 'call' => $this->call['call'], 'span' => $told]);
        }
    }

    private function offsetMs(): float
    {
        return hrtime(true) / 1e6 - $this->beganMs;
    }
}

/**
 * Those of the first that can be told: texts, numbers and truth values.
 *
 * @param array<string, mixed> $given
 * @return array<string, string|int|float|bool>
 */
function attributesOf(array $given): array
{
    $told = [];
    foreach (array_slice($given, 0, SPAN_ATTRIBUTES_MAX, true) as $name => $value) {
        $key = substr((string) $name, 0, SPAN_TEXT_BYTES_MAX);
        if (is_string($value)) $told[$key] = substr($value, 0, SPAN_TEXT_BYTES_MAX);
        elseif (is_bool($value) || is_int($value) || (is_float($value) && is_finite($value))) $told[$key] = $value;
    }
    return $told;
}
