import { RelaisError } from '@relais/kit';
import { succeeded } from '../testing/fake-runtime.js';
import { hasAny, withoutSecrets } from './mask-secrets.js';

const secrets = { TOKEN: 'hunter22', LONGER: 'hunter22-and-more', PIN: '123' };
const base = succeeded('hunter22');

test("logs say *** in its place, the output is the function's own", () => {
  const outcome = { ...base, logs: 'token hunter22, hunter22-and-more; pin 123\nhunter22' };
  const told = withoutSecrets(outcome, secrets);
  expect(told).toEqual({ ...outcome, logs: 'token ***, ***; pin 123\n***' });
});

test('a failure says *** in its place, wherever it quotes it, and keeps the rest', () => {
  const exit = { exitCode: 1, signal: '', stack: 'Error: hunter22\n at f', stderrTail: 'bad hunter22' };
  const fields = { reason: 'function_failed', component: 'worker', exit, cause: new Error('hunter22') };
  const error = new RelaisError('aborted', 'It threw: hunter22', fields);
  const { result } = withoutSecrets({ ...base, result: { ok: false, error } }, secrets);
  expect(result).toMatchObject({
    error: {
      code: 'aborted',
      message: 'It threw: ***',
      fields: { reason: 'function_failed', exit: { ...exit, stack: 'Error: ***\n at f', stderrTail: 'bad ***' } },
    },
  });
  expect(result.ok ? undefined : result.error.fields.cause).toBeUndefined();
});

test('spans that the function made say *** in its place, in their names and attributes, also of what was cut', () => {
  const times = { spanId: '00000000000000a1', parentSpanId: '', offsetMs: 0, durationMs: 1, failed: false };
  const attributes = { 'db.url': 'db://hunter22@host', 'of hunter22': true, cut: `${'x'.repeat(250)}hunter`, rows: 3 };
  const { spans } = withoutSecrets({ ...base, spans: [{ ...times, name: 'ask with hunter22', attributes }] }, secrets);
  const told = { 'db.url': 'db://***@host', 'of ***': true, cut: `${'x'.repeat(250)}***`, rows: 3 };
  expect(spans).toEqual([{ ...times, name: 'ask with ***', attributes: told }]);
});

const long = `sk-${'ab'.repeat(2000)}-end`;

function failureWith(message: string, stack: string, stderrTail: string): RelaisError {
  const exit = { exitCode: 1, signal: '', stack, stderrTail };
  const error = new RelaisError('aborted', message, { reason: 'function_failed', exit });
  const { result } = withoutSecrets({ ...base, result: { ok: false, error } }, { ...secrets, LONG: long });
  if (result.ok) throw new Error('It is a failure.');
  return result.error;
}

test('what of a secret is left where a text was cut is hidden too', () => {
  const begun = long.slice(0, 2000);
  const ended = long.slice(-3000);
  const { message, fields } = failureWith(
    `It threw: ${begun}`,
    `${ended}: stack ${begun}`,
    `${ended} in tail ${begun}`,
  );
  expect([message, fields.exit?.stack, fields.exit?.stderrTail]).toEqual([
    'It threw: ***',
    '***: stack ***',
    '*** in tail ***',
  ]);
});

test('so is what a cut inside a character leaves', () => {
  const exit = failureWith('', `at ${long.slice(0, 20)}\ufffd`, `\ufffd\ufffd${long.slice(-20)} tail`).fields.exit;
  expect([exit?.stack, exit?.stderrTail]).toEqual(['at ***', '*** tail']);
});

test('of a short secret half is hidden, and of a long one no few characters that any text has', () => {
  expect(failureWith('It says hunt', '', '').message).toBe('It says ***');
  expect(failureWith('It says hun', '', '').message).toBe('It says hun');
  expect(failureWith('It says sk-abab', '', '').message).toBe('It says sk-abab');
});

test('of a secret that holds another nothing is left at a cut', () => {
  expect(failureWith('It says hunter22-and-mo', '', '').message).toBe('It says ***');
});

test('logs that were cut hide what of a secret is left, whole ones keep their end', () => {
  const outcome = { ...base, logs: `${long.slice(-20)} say hunter22 hunter2` };
  expect(withoutSecrets(outcome, secrets).logs).toBe(`${long.slice(-20)} say *** hunter2`);
  expect(withoutSecrets({ ...outcome, logsTruncated: true }, secrets).logs).toBe(`${long.slice(-20)} say *** ***`);
});

test('secrets that repeat themselves take no more time than their lengths', () => {
  const values = Array.from({ length: 32 }, (_, at) => `${'a'.repeat(2000 + at)}b${'a'.repeat(2000)}`);
  const outcome = { ...base, logs: 'a'.repeat(256 * 1024), logsTruncated: true };
  const beganMs = performance.now();
  const { logs } = withoutSecrets(outcome, Object.fromEntries(values.entries()));
  expect(logs).toBe(`${'a'.repeat(256 * 1024 - 2031)}***`);
  // A search that begins anew at each place takes 12 s.
  expect(performance.now() - beganMs).toBeLessThan(4000);
});

test('none are none', () => {
  expect([hasAny({}), hasAny(secrets)]).toEqual([false, true]);
});
