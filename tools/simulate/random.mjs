export { seededRandom } from '@relais/load';

/** With mean 1. */
export function exponential(random) {
  return -Math.log(1 - random());
}

/** e to a normally distributed number; mean and deviation are those of the logarithm. */
export function logNormal(random, mean, deviation) {
  const radius = Math.sqrt(-2 * Math.log(1 - random()));
  return Math.exp(mean + deviation * radius * Math.cos(2 * Math.PI * random()));
}

/** Draws an index in proportion to weights, O(log n) a draw. */
export function chooser(weights) {
  const sums = new Float64Array(weights.length);
  let sum = 0;
  for (const [index, weight] of weights.entries()) {
    sum += weight;
    sums[index] = sum;
  }
  return (random) => {
    const target = random() * sum;
    let low = 0;
    let high = sums.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sums[middle] > target) high = middle;
      else low = middle + 1;
    }
    return low;
  };
}
