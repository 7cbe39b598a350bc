const kib = 1024;

/** 1536 → "1.5 KiB". */
export function bytesText(bytes: number): string {
  if (bytes < kib) return `${bytes} B`;
  const units = ['KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes / kib;
  let at = 0;
  for (; value >= kib && at < units.length - 1; at++) value /= kib;
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[at]}`;
}

/** 0.412 → "0.41 ms", 1530 → "1.53 s". */
export function durationText(ms: number): string {
  if (ms < 10) return `${ms.toFixed(2)} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  return `${(ms / 1000).toFixed(2)} s`;
}

/** How long ago something was, in the largest unit that is not zero. */
export function ageText(sinceMs: number, nowMs: number): string {
  const seconds = Math.max(0, Math.floor((nowMs - sinceMs) / 1000));
  const steps: readonly (readonly [unit: string, seconds: number])[] = [
    ['d', 86_400],
    ['h', 3600],
    ['min', 60],
  ];
  for (const [unit, length] of steps) if (seconds >= length) return `${Math.floor(seconds / length)} ${unit}`;
  return `${seconds} s`;
}
