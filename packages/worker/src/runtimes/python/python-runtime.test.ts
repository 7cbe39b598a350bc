import { Form } from '@relais/contracts';
import { systemClock } from '@relais/kit';
import { launcherForTests, testSearchPath } from '../../processes/testing/launcher.js';
import { runtimeConformance } from '../conformance.js';
import { createPythonRuntime } from './python-runtime.js';

const { launcher } = launcherForTests();
const make = (limits: Parameters<typeof createPythonRuntime>[0]['limits']) =>
  createPythonRuntime({ limits, clock: systemClock, launcher, searchPath: testSearchPath() });

const shared = { filename: 'probe.py', wasm: false, invalidLine: 2 };
const invalid = 'a = 1\nb = = 3\n';

runtimeConformance('python, program', make, {
  ...shared,
  form: Form.FORM_PROGRAM,
  echoesBytes: true,
  stateSurvives: false,
  sources: {
    hello: 'if __name__ == "__main__":\n    print("hello")',
    echo: 'import sys\nsys.stdout.buffer.write(sys.stdin.buffer.read())',
    exit: 'import sys\nprint("about to fail", file=sys.stderr)\nsys.exit(3)',
    crash: 'def explode():\n    raise ValueError("boom")\n\nexplode()',
    logs: 'import sys\nsys.stderr.write("first line\\nsecond line\\n")\nprint("done", end="")',
    logFlood: 'import sys\nsys.stderr.write("x" * 100_000)\nprint("done", end="")',
    environment: 'import os\nprint(os.environ["RELAIS_INVOCATION_ID"] + "|" + os.environ["GREETING"], end="")',
    flood: 'while True:\n    print("y" * 65536)',
    unicode: 'print("héllo, 世界 🎉", end="")',
    endlessLines: 'import itertools\nfor n in itertools.count():\n    print("line", n)',
    brokenStream: 'import time\nprint("so far")\ntime.sleep(0.05)\nraise ValueError("broke")',
    counter: 'n = globals().get("n", 0) + 1\nprint(n)',
    invalid,
    cgi: `import os
print("Status: 201\\nX-Method: " + os.environ["REQUEST_METHOD"] + "\\n")
print(os.environ["PATH_INFO"] + "?" + os.environ["QUERY_STRING"], end="")`,
    endless:
      'import os\nwith open(os.environ["STARTED_FILE"], "w") as file:\n    file.write(str(os.getpid()))\nwhile True:\n    pass',
  },
});

runtimeConformance('python, handler', make, {
  ...shared,
  form: Form.FORM_HANDLER,
  echoesBytes: false,
  stateSurvives: true,
  sources: {
    hello: 'def handler(event, context):\n    return "hello\\n"',
    echo: 'handler = lambda event, context: event',
    exit: 'import sys\ndef handler(event, context):\n    print("about to fail", file=sys.stderr)\n    sys.exit(3)',
    crash: 'def explode():\n    raise ValueError("boom")\n\ndef handler(event, context):\n    explode()',
    logs: 'import sys\ndef handler(event, context):\n    sys.stderr.write("first line\\nsecond line\\n")\n    return "done"',
    logFlood: 'def handler(event, context):\n    print("x" * 100_000)\n    return "done"',
    environment:
      'import os\ndef handler(event, context):\n    return context.invocationId + "|" + os.environ["GREETING"]',
    flood: 'def handler(event, context):\n    while True:\n        yield "y" * 65536',
    unicode: 'async def handler(event, context):\n    return "héllo, 世界 🎉"',
    endlessLines: `async def handler(event, context):
    n = 0
    while True:
        yield f"line {n}\\n"
        n += 1`,
    brokenStream: 'def handler(event, context):\n    yield "so far\\n"\n    raise ValueError("broke")',
    counter: 'n = 0\ndef handler(event, context):\n    global n\n    n += 1\n    return n',
    spans: `async def handler(event, context):
    with context.span("outer", {"rows": 3, "bad": float("nan")}):
        try:
            with context.span("broken"):
                raise ValueError("no")
        except ValueError:
            pass
        with context.span("inner"):
            kept = "kept"
    for n in range(150):
        with context.span("many"):
            pass
    return kept + "|" + (context.tracestate or "")`,
    invalid: 'def handler(): pass\nb = = 3\n',
    endless: `import os
def handler(event, context):
    with open(os.environ["STARTED_FILE"], "w") as file:
        file.write(str(os.getpid()))
    while True:
        pass`,
  },
});
