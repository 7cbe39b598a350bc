/** Value below which a share of the values lies; sorts in place. */
export function quantiles(values, shares) {
  values.sort();
  return shares.map((share) => values[Math.min(values.length - 1, Math.floor(values.length * share))] ?? 0);
}

/** Jain's index: 1 when all are equal, 1/n when one has everything. */
export function jain(values) {
  const sum = values.reduce((total, value) => total + value, 0);
  const squares = values.reduce((total, value) => total + value * value, 0);
  return squares === 0 ? 1 : (sum * sum) / (values.length * squares);
}

/** How many times the mean the largest is. */
export function peakOverMean(values) {
  const sum = values.reduce((total, value) => total + value, 0);
  const largest = values.reduce((most, value) => Math.max(most, value), 0);
  return sum === 0 ? 1 : (largest * values.length) / sum;
}
