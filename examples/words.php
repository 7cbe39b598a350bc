<?php
// Counts the words of a text in any script: {"text":"Ein Wort, zwei Wörter"} gives the number of words, the most frequent
// ones and a slug. Behind /fn/words it takes the text as the body or as ?text=… and answers with a status of its own.
function handler(mixed $event, object $context): array
{
    $text = textOf($event, $context->http);
    if ($text === '') {
        return answer(400, ['error' => 'give me a text'], $context);
    }
    preg_match_all('/[\p{L}\p{N}]+(?:[\'’-][\p{L}\p{N}]+)*/u', $text, $matches);
    $counts = array_count_values(array_map('lower', $matches[0]));
    arsort($counts);
    $context->logger->info(count($matches[0]) . ' words');
    return answer(200, [
        'words' => count($matches[0]),
        'frequent' => array_slice($counts, 0, 5, true),
        'slug' => implode('-', array_map('lower', $matches[0])),
    ], $context);
}

function textOf(mixed $event, ?object $http): string
{
    if ($http !== null && $http->query !== '') {
        parse_str($http->query, $query);
        return (string) ($query['text'] ?? '');
    }
    return is_array($event) ? (string) ($event['text'] ?? '') : (string) $event;
}

/** Lower case of the letters PHP knows without an extension, and of all when mbstring is there. */
function lower(string $word): string
{
    return function_exists('mb_strtolower') ? mb_strtolower($word) : strtolower($word);
}

function answer(int $status, array $body, object $context): array
{
    if ($context->http === null) {
        return $body;
    }
    return ['statusCode' => $status, 'headers' => ['content-type' => 'application/json'], 'body' => $body];
}
