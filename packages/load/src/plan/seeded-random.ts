/** Numbers of 0 to 1 that a seed decides: xorshift128 of Marsaglia, seeded through a mixing step. */
export function seededRandom(seed: number): () => number {
  let state = (seed ^ 0x9e3779b9) >>> 0;
  const next = () => {
    // One round of the splitmix32 finaliser a word keeps neighbouring seeds apart.
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  };
  let [x, y, z, w] = [next(), next(), next(), next() | 1];
  return () => {
    const t = x ^ (x << 11);
    x = y;
    y = z;
    z = w;
    w = (w ^ (w >>> 19) ^ t ^ (t >>> 8)) >>> 0;
    return w / 2 ** 32;
  };
}

/** Gives one generator after the other: what is drawn from one does not depend on how much was drawn from another. */
export function seededRandoms(seed: number): () => () => number {
  const seeds = seededRandom(seed);
  return () => seededRandom(seeds() * 2 ** 32);
}
