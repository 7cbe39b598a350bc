<?php

// Says as JSON what a source is, or where one of its files is wrong, without running anything. The source is given on
// standard input under the name of the first argument, or lies under that name in the directory of the second.

declare(strict_types=1);

/** Whether one of the tokens begins a function named "handler" that is in no class, function or block. */
function definesHandler(array $tokens): bool
{
    /** @var list<bool> of every open brace, whether it is that of a namespace */
    $braces = [];
    $blocks = 0;
    $namespace = false;
    foreach ($tokens as $at => $token) {
        if ($blocks === 0 && $token->is(T_FUNCTION) && namesHandler($tokens, $at + 1)) return true;
        if ($token->is(T_NAMESPACE)) $namespace = true;
        elseif ($token->text === ';') $namespace = false;
        elseif ($token->text === '}') $blocks -= array_pop($braces) === false ? 1 : 0;
        elseif ($token->is(['{', T_CURLY_OPEN, T_DOLLAR_OPEN_CURLY_BRACES])) {
            $braces[] = $namespace;
            $blocks += $namespace ? 0 : 1;
            $namespace = false;
        }
    }
    return false;
}

function namesHandler(array $tokens, int $at): bool
{
    $text = '';
    for (; isset($tokens[$at]) && strlen($text) < 9; $at++) {
        // "function &handler(" returns a reference.
        if (!$tokens[$at]->isIgnorable() && $tokens[$at]->text !== '&') $text .= strtolower($tokens[$at]->text);
    }
    return str_starts_with($text, 'handler(');
}

/** Without an opening tag PHP prints a source as it is, which nobody means. */
function opensPhp(array $tokens): bool
{
    foreach ($tokens as $token) {
        if ($token->is([T_OPEN_TAG, T_OPEN_TAG_WITH_ECHO])) return true;
    }
    return false;
}

/** Paths of the PHP files below a directory; what was installed is not the user's to repair. */
function filesOf(string $directory): array
{
    $walker = new RecursiveIteratorIterator(new RecursiveCallbackFilterIterator(
        new RecursiveDirectoryIterator($directory, FilesystemIterator::SKIP_DOTS),
        fn ($file) => $file->getFilename() !== 'vendor',
    ));
    $files = [];
    foreach ($walker as $path => $file) {
        if (str_ends_with($path, '.php')) $files[] = substr($path, strlen($directory) + 1);
    }
    sort($files);
    return $files;
}

function check(string $entry, ?string $directory): array
{
    $files = $directory === null ? [$entry] : array_unique([$entry, ...filesOf($directory)]);
    $handler = false;
    foreach ($files as $file) {
        $source = file_get_contents($directory === null ? 'php://stdin' : "$directory/$file");
        try {
            $tokens = PhpToken::tokenize($source, TOKEN_PARSE);
        } catch (ParseError $error) {
            return ['file' => $file, 'line' => $error->getLine(), 'message' => 'Parse error: ' . $error->getMessage()];
        }
        if ($file !== $entry) continue;
        if (!opensPhp($tokens)) return ['file' => $file, 'line' => 1, 'message' => 'The source has no "<?php" tag.'];
        $handler = definesHandler($tokens);
    }
    return ['handler' => $handler];
}

echo json_encode(check($argv[1], $argv[2] ?? null), JSON_INVALID_UTF8_SUBSTITUTE);
