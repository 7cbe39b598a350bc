import { Form } from '@relais/contracts';
import { systemClock } from '@relais/kit';
import { launcherForTests, testSearchPath } from '../../processes/testing/launcher.js';
import { runtimeConformance } from '../conformance.js';
import { createPhpRuntime } from './php-runtime.js';
import { withPhp } from './testing/with-php.js';

withPhp('the conformance of PHP', () => {
  const { launcher } = launcherForTests();
  const make = (limits: Parameters<typeof createPhpRuntime>[0]['limits']) =>
    createPhpRuntime({ limits, clock: systemClock, launcher, searchPath: testSearchPath() });

  const shared = { filename: 'probe.php', wasm: false, invalidLine: 3 };

  runtimeConformance('php, program', make, {
    ...shared,
    form: Form.FORM_PROGRAM,
    echoesBytes: true,
    stateSurvives: false,
    sources: {
      hello: 'hello<?= "\n" ?>',
      echo: '<?php stream_copy_to_stream(STDIN, fopen("php://output", "w"));',
      exit: '<?php fwrite(STDERR, "about to fail\\n"); exit(3);',
      crash: '<?php function explode_now() { throw new ValueError("boom"); }\nexplode_now();',
      logs: '<?php file_put_contents("php://stderr", "first line\\nsecond line\\n"); echo "done";',
      logFlood: '<?php fwrite(STDERR, str_repeat("x", 100_000)); echo "done";',
      environment: '<?php echo getenv("RELAIS_INVOCATION_ID") . "|" . $_SERVER["GREETING"];',
      flood: '<?php for (;;) echo str_repeat("y", 65536);',
      unicode: '<?php echo "héllo, 世界 🎉";',
      endlessLines: '<?php for ($n = 0; ; $n++) echo "line $n\\n";',
      brokenStream: '<?php echo "so far\\n"; usleep(50000); throw new RuntimeException("broke");',
      counter: '<?php $n = ($GLOBALS["n"] ?? 0) + 1; echo $n;',
      invalid: '<?php\n$a = 1;\n$b = = 3;\n',
      cgi: `<?php
echo "Status: 201\\nX-Method: {$_SERVER['REQUEST_METHOD']}\\n\\n{$_SERVER['PATH_INFO']}?{$_SERVER['QUERY_STRING']}";`,
      endless: '<?php file_put_contents(getenv("STARTED_FILE"), getmypid()); for (;;);',
    },
  });

  runtimeConformance('php, handler', make, {
    ...shared,
    form: Form.FORM_HANDLER,
    echoesBytes: false,
    stateSurvives: true,
    sources: {
      hello: '<?php function handler($event, $context) { return "hello\\n"; }',
      echo: '<?php function handler($event) { return $event; }',
      exit: '<?php function handler() { fwrite(STDERR, "about to fail\\n"); exit(3); }',
      crash: '<?php function explode_now() { throw new ValueError("boom"); }\nfunction handler() { explode_now(); }',
      logs: '<?php function handler() { echo "first line\\n"; echo "second line\\n"; return "done"; }',
      logFlood: '<?php function handler() { echo str_repeat("x", 100_000); return "done"; }',
      environment:
        '<?php function handler($event, $context) { return $context->invocationId . "|" . getenv("GREETING"); }',
      flood: '<?php function handler() { for (;;) yield str_repeat("y", 65536); }',
      unicode: '<?php namespace Greeting; function handler(): string { return "héllo, 世界 🎉"; }',
      endlessLines: '<?php function handler() { for ($n = 0; ; $n++) yield "line $n\\n"; }',
      brokenStream: '<?php function handler() { yield "so far\\n"; throw new RuntimeException("broke"); }',
      counter: '<?php $n = 0; function handler() { global $n; return ++$n; }',
      spans: `<?php function handler($event, $context) {
  $kept = $context->span('outer', function () use ($context) {
    try {
      $context->span('broken', fn () => throw new Exception('no'));
    } catch (Exception) {
    }
    return $context->span('inner', fn () => 'kept');
  }, ['rows' => 3, 'bad' => NAN]);
  for ($n = 0; $n < 150; $n++) $context->span('many', fn () => $n);
  return "$kept|$context->tracestate";
}`,
      invalid: '<?php\nfunction handler() {}\n$b = = 3;\n',
      endless: '<?php function handler() { file_put_contents(getenv("STARTED_FILE"), getmypid()); for (;;); }',
    },
  });
});
