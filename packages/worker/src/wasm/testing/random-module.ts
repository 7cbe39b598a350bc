import { assemble } from './assemble.js';

const [i32, i64, f32, f64] = [0x7f, 0x7e, 0x7d, 0x7c];
const drop = 0x1a;

/** A module that does a dozen things to its own state, the same ones for the same seed, and ends in one of several ways. */
export function randomModule(seed: number): Buffer {
  const random = sequence(seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  const pick = <T>(items: readonly T[]): T => items[below(items.length)] as T;
  const types = Array.from({ length: below(5) }, () => pick([i32, i64, f32, f64]));
  const globals = types.map((type) => [type, 1, ...constant(type, below(64))]);
  // Half of them keep away from what cannot be put back.
  const isTame = below(2) === 0;
  const hasTable = !isTame && below(2) === 0;
  const hasPassiveData = !isTame && below(2) === 0;

  const setGlobal = (): number[] => {
    const index = below(types.length);
    return [...constant(types[index] ?? i32, below(64)), 0x24, index];
  };
  const store = (): number[] => [...constant(i32, below(64)), ...constant(i32, below(64)), 0x36, 2, below(100)];
  const fill = (): number[] => [...constant(i32, below(64)), ...constant(i32, 1 + below(60)), ...page, 0xfc, 11, 0];
  const actions: (() => number[])[] = [store, fill];
  if (types.length > 0) actions.push(setGlobal, setGlobal);
  if (!isTame) actions.push(() => [0x41, 1, 0x40, 0, drop]);
  if (hasTable) actions.push(() => [0x41, below(2), 0xd2, 1, 0x26, 0]);
  if (hasPassiveData) actions.push(() => [0xfc, 9, 0]);

  const steps = Array.from({ length: 12 }, () => pick(actions)()).flat();
  const exit = [0x10, 0];
  const ending = pick([[], [], exit, [0x00]]);
  return assemble({
    globals,
    imports: [['wasi_snapshot_preview1', 'proc_exit']],
    start: [...steps, ...ending],
    ...(hasTable ? { table: 2 } : {}),
    ...(hasPassiveData ? { data: [1, 2, 3] } : { activeData: [below(64)] }),
  });
}

/** 4096 as an i32. */
const page = [0x41, 0x80, 0x20];

function constant(type: number, value: number): number[] {
  if (type === i32) return [0x41, value];
  if (type === i64) return [0x42, value];
  return type === f32 ? [0x43, 0, 0, value, 0x41] : [0x44, 0, 0, 0, 0, 0, 0, value, 0x40];
}

/** Numbers from 0 to 1 that a seed determines. */
function sequence(seed: number): () => number {
  let state = seed * 7919 + 1;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
