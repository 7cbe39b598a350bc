import { duplexPair } from 'node:stream';
import { FunctionConfig, HttpRequest } from '@relais/contracts';
import { RelaisError, systemClock } from '@relais/kit';
import { failureOf, outputOf, testCall, until } from '../runtimes/conformance/support.js';
import { TestStream } from '../runtimes/conformance/test-stream.js';
import { defaultRuntimeLimits } from '../runtimes/limits.js';
import type { CallOutcome, LoadedFunction } from '../runtimes/runtime.js';
import type { WasmEngine } from './engine.js';
import { CModules } from './testing/c-modules.js';
import { observed, run, testEngine, testVersion } from './testing/load.js';
import { LocalThreads } from './threads/local-threads.js';
import { RemoteThreads } from './threads/remote-threads.js';
import { serveThreads } from './threads/serve-threads.js';
import type { ThreadHost } from './threads/thread-host.js';

const slowTestMs = 90_000;
const modules = new CModules();
afterAll(() => modules.close());

const hosts: readonly (readonly [string, () => ThreadHost])[] = [
  ['of this process', () => new LocalThreads({ clock: systemClock })],
  ['of another', remoteThreads],
];

/** Everything goes through what another process would be told and say. */
function remoteThreads(): ThreadHost {
  const [here, there] = duplexPair();
  serveThreads(there, new LocalThreads({ clock: systemClock }), () => {});
  return new RemoteThreads(here, () => {});
}

describe.each(hosts)('on threads %s', (_where, makeHost) => {
  let engine: WasmEngine;
  beforeEach(() => {
    engine = testEngine({ threadHost: makeHost() });
  });
  afterEach(() => engine.close());

  const load = async (source: string) => engine.load(testVersion(), await modules.compile(source));

  /** One call that is to run beside the loop. */
  function apart(fn: LoadedFunction, payload = '', jobId = 1): Promise<CallOutcome> {
    const outcome = fn.invoke({ ...testCall({ payload }), jobId, apart: true });
    if (!(outcome instanceof Promise)) throw new Error('it ran in the loop');
    return outcome;
  }

  test.each([
    ['what it prints', 'int main(void) { char c; while (read(0, &c, 1) == 1) write(1, &c, 1); write(2, "log", 3); }'],
    ['an exit code', 'int main(void) { write(2, "why", 3); return 3; }'],
    ['a trap', 'int main(void) { __builtin_trap(); }'],
  ])(
    'answers as in the loop: %s',
    async (_what, body) => {
      const fn = await load(`#include <unistd.h>\n${body}`);
      const inLoop = run(fn, { payload: 'given' });
      const beside = await apart(fn, 'given');
      expect(observed(beside)).toEqual(observed(inLoop));
      expect(beside.attributes).toEqual({ 'relais.wasm.instance': 'thread' });
    },
    slowTestMs,
  );

  test(
    'more output than it may have is output_limit, as in the loop',
    async () => {
      const fn = await load(
        '#include <stdio.h>\nint main(void) { for (;;) puts("0123456789012345678901234567890123456789"); }',
      );
      expect(failureOf(await apart(fn)).fields).toMatchObject({ reason: 'output_limit' });
    },
    slowTestMs,
  );

  test(
    'an endless loop keeps nobody waiting, and is stopped',
    async () => {
      const endless = await load('int main(void) { volatile int n = 0; for (;;) n++; }');
      const fine = await load('#include <stdio.h>\nint main(void) { puts("fine"); }');
      const outcome = apart(endless, '', 77);
      for (let call = 0; call < 3; call++) expect(outputOf(run(fine)).toString()).toBe('fine\n');
      expect(endless.instances?.().busy).toBe(1);
      const other = apart(fine, '', 78);
      endless.cancel(77, new RelaisError('deadline_exceeded', 'too long'));
      expect(failureOf(await outcome).message).toBe('too long');
      expect(outputOf(await other).toString()).toBe('fine\n');
      expect(endless.instances?.().busy).toBe(0);
    },
    slowTestMs,
  );

  test(
    'of the calls of a worker that goes those that wait for a thread are told not to have begun',
    async () => {
      engine.close();
      engine = testEngine({ limits: { ...defaultRuntimeLimits, processesMax: 2 }, threadHost: makeHost() });
      const endless = await load('int main(void) { volatile int n = 0; for (;;) n++; }');
      const outcomes = [1, 2, 3, 4, 5].map((jobId) => apart(endless, '', jobId));
      await endless.close();
      const told = (await Promise.all(outcomes)).map((outcome) => failureOf(outcome));
      expect(new Set(told.map(({ fields }) => fields.reason))).toEqual(new Set(['shutting_down']));
      const unbegun = told.filter(({ fields, retryable }) => fields.notStarted && retryable).length;
      const begun = told.filter(({ fields, retryable }) => !fields.notStarted && !retryable).length;
      expect([begun, unbegun]).toEqual([2, 3]);
    },
    slowTestMs,
  );

  test(
    'a header block may come in as many writes as it has bytes, whatever the window',
    async () => {
      const source = `#include <unistd.h>
int main(void) {
  write(1, "X-Long: ", 8);
  for (int n = 0; n < 4000; n++) write(1, "x", 1);
  write(1, "\\n\\nb", 3);
  for (int n = 0; n < 4000; n++) write(1, "b", 1);
}`;
      const config = FunctionConfig.fromPartial({ memoryMb: 128, http: 'cgi' });
      const fn = await engine.load({ ...testVersion(), config }, await modules.compile(source));
      const caller = new TestStream({ reads: true, windowBytes: 4096 });
      const http = HttpRequest.fromPartial({ method: 'GET' });
      const outcome = fn.invoke({ ...testCall({ http }), jobId: 3, apart: true, stream: caller.stream });
      await until('the body has come', () => caller.receivedBytes === 4001);
      outputOf(await outcome);
      expect(caller.http?.headers).toEqual([{ name: 'x-long', value: 'x'.repeat(4000) }]);
      expect(caller.text).toBe('b'.repeat(4001));
      await until('all credit is given back', () => caller.stream.roomBytes === 4096 - 128);
    },
    slowTestMs,
  );
});
