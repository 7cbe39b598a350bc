import type { JobResult } from '@relais/contracts';

const overheadBytes = 64;

/** Rough size of a result on the wire, bytes. */
export function sizeOfResult({ logs, outcome, spans }: JobResult): number {
  const outputBytes = outcome?.$case === 'invoked' ? outcome.value.output.length : 0;
  const artifactBytes = outcome?.$case === 'built' ? outcome.value.artifact.length : 0;
  return outputBytes + artifactBytes + logs.length + (spans?.length ?? 0) + overheadBytes;
}
