const keyForm = /^[a-z][a-z0-9]*([A-Z][a-z0-9]*)*$/;

/** Whether a name is camelCase of a form that its flag and variable can be read back from. */
export function hasKeyForm(name: string): boolean {
  return keyForm.test(name);
}

/** `payloadBytesMax` → `payload-bytes-max`. */
export function flagOf(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

export const variablePrefix = 'RELAIS_';

/** `payloadBytesMax` → `RELAIS_PAYLOAD_BYTES_MAX`. */
export function variableOf(name: string): string {
  return variablePrefix + flagOf(name).replaceAll('-', '_').toUpperCase();
}

const units: Readonly<Record<string, string>> = {
  Us: 'µs',
  Ms: 'ms',
  S: 's',
  Seconds: 's',
  Minutes: 'min',
  Hours: 'h',
  Days: 'd',
  Bytes: 'bytes',
  Kib: 'KiB',
  Mib: 'MiB',
  Mb: 'MiB',
  Gib: 'GiB',
  Percent: '%',
};

/** The unit a name speaks of, for example "ms" of `idleTimeoutMs`; empty when it is a plain count or ratio. */
export function unitOf(name: string): string {
  const words = name.split(/(?=[A-Z])/).slice(1);
  return words.map((word) => units[word]).findLast((unit) => unit !== undefined) ?? '';
}
