import { ManualClock, RelaisError } from '@relais/kit';
import { DeadlineGuard } from './deadline-guard.js';

function fresh() {
  const clock = new ManualClock();
  const guard = new DeadlineGuard(clock);
  guard.start();
  return { clock, guard };
}

const late = () => new RelaisError('deadline_exceeded', 'Late.');

test('passes on what settles in time', async () => {
  const { guard } = fresh();
  expect(await guard.within(10, Promise.resolve('value'), late)).toBe('value');
  await expect(guard.within(10, Promise.reject(new Error('own')), late)).rejects.toThrow('own');
});

test.each([1, 30_000])('ends a call of %i ms at most 1 s after its time', async (budgetMs) => {
  const { clock, guard } = fresh();
  clock.advance(123);
  let failure: unknown;
  const call = guard.within(budgetMs, new Promise(() => {}), late).catch((error: unknown) => {
    failure = error;
  });
  clock.advance(budgetMs + 400);
  await Promise.resolve();
  expect(failure).toBeUndefined();
  clock.advance(600);
  await call;
  expect(failure).toMatchObject({ code: 'deadline_exceeded' });
});

test('lets go of a call that has settled', async () => {
  const { clock, guard } = fresh();
  let lates = 0;
  await guard.within(10, Promise.resolve(), () => {
    lates++;
    return late();
  });
  clock.advance(5_000);
  expect(lates).toBe(0);
});
