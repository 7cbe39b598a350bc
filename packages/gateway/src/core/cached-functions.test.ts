import { FunctionVersion } from '@relais/contracts';
import { CachedFunctions, type Functions } from './cached-functions.js';

const caller = { traceparent: '' };

class Source implements Functions {
  readonly asked: string[] = [];
  answer: (reference: string) => Promise<FunctionVersion> = async (id) => version(id);

  resolve(reference: string): Promise<FunctionVersion> {
    this.asked.push(reference);
    return this.answer(reference);
  }
}

const version = (reference: string) =>
  FunctionVersion.create({ id: reference, name: reference.split('@')[0] ?? '', artifactDigest: 'a' });

function fresh(entriesMax = 10) {
  const source = new Source();
  const functions = new CachedFunctions(source, entriesMax);
  functions.live();
  return { source, functions };
}

test('asks once while the feed is live', async () => {
  const { functions, source } = fresh();
  await functions.resolve('a', caller);
  await functions.resolve('a', caller);
  expect(source.asked).toEqual(['a']);
  expect(functions.peek('a', caller)?.id).toBe('a');
});

test('forgets every reference to a name that changed, and no other', async () => {
  const { functions } = fresh();
  for (const reference of ['a', 'a@1', 'b']) await functions.resolve(reference, caller);
  functions.changed(['a']);
  expect(['a', 'a@1', 'b'].map((reference) => functions.peek(reference, caller)?.id)).toEqual([
    undefined,
    undefined,
    'b',
  ]);
});

test('does not keep what was asked before a change and answered after it', async () => {
  const { functions, source } = fresh();
  const answers: ((value: FunctionVersion) => void)[] = [];
  source.answer = () => new Promise((resolve) => answers.push(resolve));
  const old = functions.resolve('a', caller);
  functions.changed(['a']);
  answers[0]?.(version('a'));
  expect((await old).id).toBe('a');
  expect(functions.peek('a', caller)).toBeUndefined();
});

test('asks every time while the feed is lost', async () => {
  const { functions, source } = fresh();
  await functions.resolve('a', caller);
  functions.lost();
  await functions.resolve('a', caller);
  await functions.resolve('a', caller);
  functions.live();
  await functions.resolve('a', caller);
  expect(functions.peek('a', caller)?.id).toBe('a');
  expect(source.asked).toHaveLength(4);
});

test('lets go of the reference not used for longest', async () => {
  const { functions } = fresh(2);
  await functions.resolve('a', caller);
  await functions.resolve('b', caller);
  functions.peek('a', caller);
  await functions.resolve('c', caller);
  expect(['a', 'b', 'c'].map((reference) => functions.peek(reference, caller)?.id)).toEqual(['a', undefined, 'c']);
});

test('does not keep a failure', async () => {
  const { functions, source } = fresh();
  source.answer = () => Promise.reject(new Error('no'));
  await expect(functions.resolve('a', caller)).rejects.toThrow('no');
  source.answer = async (id) => version(id);
  expect((await functions.resolve('a', caller)).id).toBe('a');
});
