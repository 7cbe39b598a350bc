import type { RuntimeFixtures } from './fixtures.js';
import { type Subject, slowTestMs } from './subject.js';
import { conformanceLimits, type FixtureSource, outputOf, testCall } from './support.js';

const largeBytes = 6 * 1024 * 1024;
const allBytes = Uint8Array.from({ length: 256 * 4 }, (_, index) => index & 0xff);

export function basicCases(subject: Subject, fixtures: RuntimeFixtures): void {
  test(
    'says hello, with times',
    async () => {
      const outcome = await (await subject.get('hello')).call({ payload: '{"input":"test"}' });
      expect(outputOf(outcome).toString()).toBe('hello\n');
      expect(outcome.logsTruncated).toBe(false);
      expect(outcome.runUs).toBeGreaterThan(0);
      expect(outcome.coldUs).toBeGreaterThanOrEqual(0);
    },
    slowTestMs,
  );

  test('says once that it begins, and before it answers', async () => {
    const { loaded } = await subject.get('hello');
    let begun = 0;
    outputOf(await loaded.invoke(testCall({ begun: () => begun++ })));
    expect(begun).toBe(1);
  });

  test('an inline runtime answers without a promise', async () => {
    const { loaded } = await subject.get('hello');
    const answer = loaded.invoke(testCall());
    const isPromise = answer instanceof Promise;
    outputOf(await answer);
    expect(isPromise).toBe(subject.runtime.style === 'processes');
  });

  test('probes as able to run and build, naming its toolchain', async () => {
    const support = await subject.runtime.probe();
    expect(support).toMatchObject({ lang: subject.runtime.lang, runs: true, builds: true, reason: '' });
    expect(support.toolchain).not.toBe('');
  });

  test(
    'keeps standard error as logs, apart from the output',
    async () => {
      const outcome = await (await subject.get('logs')).call();
      expect(outputOf(outcome).toString()).toBe('done');
      expect(outcome.logs).toBe('first line\nsecond line\n');
      expect(outcome.logsTruncated).toBe(false);
    },
    slowTestMs,
  );

  test(
    'truncates logs at the bound and says so',
    async () => {
      const outcome = await (await subject.get('logFlood')).call();
      expect(outputOf(outcome).toString()).toBe('done');
      expect(outcome.logsTruncated).toBe(true);
      expect(Buffer.byteLength(outcome.logs)).toBeLessThanOrEqual(conformanceLimits.logBytesMax);
      expect(outcome.logs.length).toBeGreaterThan(0);
    },
    slowTestMs,
  );

  test(
    'gives the environment, which the user cannot forge',
    async () => {
      const fn = await subject.deploy(fixtures.sources.environment, {
        env: { GREETING: 'grüß dich', RELAIS_INVOCATION_ID: 'forged' },
      });
      const outcome = await fn.call({ invocationId: 'inv-environment' });
      await fn.loaded.close();
      expect(outputOf(outcome).toString()).toBe('inv-environment|grüß dich');
    },
    slowTestMs,
  );

  test(
    'gives each call its secrets, from a change on the changed ones',
    async () => {
      const fn = await subject.deploy(fixtures.sources.environment);
      const seen: string[] = [];
      for (const secret of ['first', 'first', 'second', 'first']) {
        const outcome = await fn.call({ invocationId: 'i', secrets: { GREETING: secret } });
        seen.push(outputOf(outcome).toString());
      }
      expect(seen).toEqual(['i|first', 'i|first', 'i|second', 'i|first']);
    },
    slowTestMs,
  );
}

export function payloadCases(subject: Subject, fixtures: RuntimeFixtures): void {
  const text = (bytes: number) => Buffer.from('relais! '.repeat(bytes / 8));
  const payloads: [string, Uint8Array][] = [
    ['1 KiB', text(1024)],
    ['6 MiB', text(largeBytes)],
  ];
  const binary: [string, Uint8Array][] = [
    ['0 B', Buffer.alloc(0)],
    ['all byte values', allBytes],
    ['6 MiB of zeros and ones', Buffer.alloc(largeBytes, Buffer.from([0, 1, 255]))],
  ];
  test.each(fixtures.echoesBytes ? [...payloads, ...binary] : payloads)(
    'echoes %s',
    async (_what, payload) => {
      const output = outputOf(await (await subject.get('echo')).call({ payload }));
      expect(output.length).toBe(payload.length);
      expect(output.equals(payload)).toBe(true);
    },
    slowTestMs,
  );

  test(
    'passes unicode',
    async () => {
      expect(outputOf(await (await subject.get('unicode')).call()).toString()).toBe('héllo, 世界 🎉');
      expect(outputOf(await (await subject.get('echo')).call({ payload: 'grüße, 世界 🎉' })).toString()).toBe(
        'grüße, 世界 🎉',
      );
    },
    slowTestMs,
  );
}

export function stateCases(subject: Subject, fixtures: RuntimeFixtures): void {
  test(
    `200 calls in a row: state ${fixtures.stateSurvives ? 'survives' : 'does not leak'}`,
    async () => {
      const fn = await subject.deploy(fixtures.sources.counter);
      const counts: string[] = [];
      for (let call = 0; call < 200; call += 1)
        counts.push(
          outputOf(await fn.call())
            .toString()
            .trim(),
        );
      await fn.loaded.close();
      const expected = Array.from({ length: 200 }, (_, call) => (fixtures.stateSurvives ? `${call + 1}` : '1'));
      expect(counts).toEqual(expected);
    },
    slowTestMs,
  );
}

export function cgiCases(subject: Subject, source: FixtureSource): void {
  test(
    'a program sees the request as CGI variables and answers with a header block',
    async () => {
      const fn = await subject.deploy(source, { http: 'cgi' });
      const http = { method: 'PUT', path: '/a/b', query: 'x=1', headers: [{ name: 'x-thing', value: 'v' }] };
      const { result } = await fn.call({ http });
      await fn.loaded.close();
      expect(result).toMatchObject({ ok: true, http: { status: 201, headers: [{ name: 'x-method', value: 'PUT' }] } });
      expect(result.ok && Buffer.from(result.output).toString()).toBe('/a/b?x=1');
    },
    slowTestMs,
  );
}
