import { RelaisError } from '@relais/kit';
import { affinity } from './affinity.js';
import { fifo } from './fifo.js';
import { least } from './least.js';
import { rr } from './rr.js';
import { type Picker, startPicker } from './strategy.js';
import { weighted } from './weighted.js';

const starters: ReadonlyMap<string, () => Picker> = new Map([
  [rr.name, () => startPicker(rr)],
  [fifo.name, () => startPicker(fifo)],
  [weighted.name, () => startPicker(weighted)],
  [least.name, () => startPicker(least)],
  [affinity.name, () => startPicker(affinity)],
]);

/** Names of all strategies. */
export const strategyNames: readonly string[] = [...starters.keys()];

/** Strategies at work: the one for all, and each that functions chose for themselves, made when first asked for. */
export class Pickers {
  /** For functions that chose none. */
  common: Picker;
  readonly #own = new Map<string, Picker>();

  constructor(common: Picker) {
    this.common = common;
  }

  /** Of a function's own choice; the common one for an empty or unknown name. */
  of(name: string): Picker {
    if (name === '') return this.common;
    const start = starters.get(name);
    if (!start) return this.common;
    let picker = this.#own.get(name);
    if (!picker) {
      picker = start();
      this.#own.set(name, picker);
    }
    return picker;
  }
}

/** The strategy of a name, in any case, with a fresh state. Throws invalid_argument with the list. */
export function pickerOf(name: string): Picker {
  const start = starters.get(name.toLowerCase());
  if (start) return start();
  throw new RelaisError(
    'invalid_argument',
    `There is no strategy "${name}"; choose one of ${strategyNames.join(', ')}.`,
    {
      reason: 'unknown_strategy',
      component: 'balancer',
    },
  );
}
