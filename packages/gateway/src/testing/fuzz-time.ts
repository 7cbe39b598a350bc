// Asked for longer by RELAIS_FUZZ_MS, it also looks elsewhere; a failure prints the seed and path that find it again.
const longerMs = process.env.RELAIS_FUZZ_MS;
const timeMs = Number(longerMs ?? 4_000);

/** How long a property is tried. */
export const bounded = {
  ...(longerMs === undefined && { seed: 1_728_435_600 }),
  numRuns: 1_000_000,
  interruptAfterTimeLimit: timeMs,
  markInterruptAsFailure: false,
};

/** What the test around it may take. */
export const testMs = 2 * timeMs + 60_000;
