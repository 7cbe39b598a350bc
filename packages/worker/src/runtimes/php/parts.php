<?php

// The output of a call on its way while it runs.

declare(strict_types=1);

namespace Relais;

const PART_BYTES_MAX = 64 * 1024;
/** What a part uses up of the credit beside its bytes. */
const PART_OVERHEAD_BYTES = 128;

/** Sends the values of a generator as they come, within the credit the other side gives. */
final class Parts
{
    private int $bytesMax;

    public function __construct(private Channel $channel, private int $call, private int $credit)
    {
        // So that there is credit for a part while some of what was used up has not been given back.
        $this->bytesMax = min(PART_BYTES_MAX, intdiv($credit, 2) - PART_OVERHEAD_BYTES);
    }

    /** @param array<string, mixed>|null $http */
    public function sendAll(\Generator $values, ?array $http): void
    {
        if ($http !== null) $this->send(['http' => $http], '');
        foreach ($values as $value) {
            $whole = chunkOf($value);
            for ($at = 0; $at < strlen($whole); $at += $this->bytesMax) {
                $this->send([], substr($whole, $at, $this->bytesMax));
            }
        }
    }

    /** @param array<string, mixed> $more */
    private function send(array $more, string $part): void
    {
        $cost = strlen($part) + PART_OVERHEAD_BYTES;
        while ($this->credit < $cost) {
            [$header] = $this->channel->read();
            if ($header['call'] === $this->call) $this->credit += $header['bytes'];
        }
        $this->credit -= $cost;
        $this->channel->send(['type' => 'part', 'call' => $this->call] + $more, $part);
    }
}
