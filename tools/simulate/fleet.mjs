import { seededRandom } from './random.mjs';

const slotChoices = [4, 8, 16];
const speedChoices = [0.7, 1, 1, 1.4];
/** Warm instances a native worker has memory for, beyond those that run. */
const warmPerSlot = 2;
const modulesMax = 200;
const inlineSlots = 32;

/**
 * What workers a fleet has: of different sizes and speeds; where tiny functions are called, as many run those.
 * @returns {{ id: string, inline: boolean, slots: number, speed: number, instancesMax: number }[]}
 */
export function makeFleet(count, hasTiny, seed) {
  const random = seededRandom(seed);
  const one = (choices) => choices[Math.floor(random() * choices.length)];
  return Array.from({ length: count }, (_, index) => {
    const inline = hasTiny && index % 2 === 0;
    const slots = inline ? inlineSlots : one(slotChoices);
    return {
      id: `worker-${index}`,
      inline,
      slots,
      speed: one(speedChoices),
      instancesMax: inline ? modulesMax : slots * (1 + warmPerSlot),
    };
  });
}

/** Milliseconds of work the workers of a kind can do in one millisecond. */
export function capacityOf(fleet, inline) {
  return fleet
    .filter((worker) => worker.inline === inline)
    .reduce((sum, { slots, speed }) => sum + (inline ? 1 : slots) * speed, 0);
}
