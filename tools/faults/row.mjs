/** A figure that is only told. */
export function told(name, value, unit) {
  return { name, value, unit };
}

/** A figure with the most that it may come to. */
export function atMost(target, name, value, unit) {
  return { name, value, unit, target, bound: 'most', met: value <= target };
}

/** A figure with the least that it must come to. */
export function atLeast(target, name, value, unit) {
  return { name, value, unit, target, bound: 'least', met: value >= target };
}

/** The most that the hypervisor took of the processors in a round that counts. */
export function stolen(percent) {
  return told('processors taken by the hypervisor, in a round at most', percent, '%');
}
