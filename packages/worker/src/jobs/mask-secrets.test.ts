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

test('none are none', () => {
  expect([hasAny({}), hasAny(secrets)]).toEqual([false, true]);
});
