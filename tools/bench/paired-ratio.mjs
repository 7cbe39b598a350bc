import { median } from './median.mjs';

const confidence = 0.95;

/**
 * Of two samples taken in the same rounds, the median of the ratios round by round, and the narrowest pair of ratios, equally
 * far from both ends, that has the true median between them with 95 % at least; all of them where there are less than six.
 */
export function pairedRatio(values, base) {
  const ratios = values.map((value, round) => value / base[round]).toSorted((a, b) => a - b);
  const outside = ratiosOutside(ratios.length);
  return { ratio: median(ratios), ratioLow: ratios[outside], ratioHigh: ratios[ratios.length - 1 - outside] };
}

/** How many may be left out at each end: as many rounds as would all be to one side by chance in one case of forty. */
function ratiosOutside(count) {
  let chance = 0.5 ** count;
  let sum = 0;
  for (let outside = 0; outside < count / 2; outside++) {
    sum += chance;
    if (sum > (1 - confidence) / 2) return Math.max(0, outside - 1);
    chance *= (count - outside) / (outside + 1);
  }
  return 0;
}
