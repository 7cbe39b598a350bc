/** A number of up to 32 bits, not negative, as modules have it: seven bits in each byte, the lowest first. */
export function leb(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb(value >>> 7)];
}
