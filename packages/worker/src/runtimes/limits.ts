import { Form, type FunctionConfig, Isolation } from '@relais/contracts';

/** Bounds a worker holds every runtime to. What happens at a bound is said beside it. */
export interface RuntimeLimits {
  /** Output of one call; beyond it the call is aborted with reason output_limit. */
  readonly outputBytesMax: number;
  /** Logs kept of one call; the rest is dropped and said so. */
  readonly logBytesMax: number;
  /** Artifact of one build; beyond it the build is refused with reason artifact_too_large. */
  readonly artifactBytesMax: number;
  /** Child processes of one runtime, and threads of WASM calls that stream; a call beyond it waits for one to end. */
  readonly processesMax: number;
  /** Processes of one runtime that wait ahead of the next cold start, beside those; for each size of memory one at most. */
  readonly sparesMax: number;
  /** Memory of all instances of a worker; beyond it idle ones are ended, the one idle for longest first. */
  readonly processMemoryBytesMax: number;
  /** An idle warm instance is retired after this long. */
  readonly idleInstanceMs: number;
}

export const defaultRuntimeLimits: RuntimeLimits = {
  outputBytesMax: 6 * 1024 * 1024,
  logBytesMax: 256 * 1024,
  artifactBytesMax: 48 * 1024 * 1024,
  processesMax: 64,
  sparesMax: 2,
  processMemoryBytesMax: 512 * 1024 * 1024,
  idleInstanceMs: 300_000,
};

/** The contract's default for a version whose configuration says nothing. */
const memoryMbDefault = 128;
const timeoutMsDefault = 30_000;

const mebibyte = 1024 * 1024;

/** Memory of the process that holds a version, of which the runtime takes `overheadMb`; bytes. */
export function processBytesOf(version: Parameters<typeof memoryMbOf>[0], overheadMb: number): number {
  return (memoryMbOf(version) + overheadMb) * mebibyte;
}

/** CPU time of one process that holds a version, seconds. Undefined for a handler, whose process serves one call after the other. */
export function cpuSecondsOf(version: {
  readonly form: Form;
  readonly config?: FunctionConfig | undefined;
}): number | undefined {
  return version.form === Form.FORM_PROGRAM ? callCpuSecondsOf(version) : undefined;
}

/**
 * CPU time of a call of a version with all that it starts, and of what is left of that until the next call, seconds: as much as
 * one core gives in the time of the call.
 */
export function callCpuSecondsOf(version: { readonly config?: FunctionConfig | undefined }): number {
  return Math.ceil(timeoutMsOf(version) / 1000);
}

/** What a call of a version may take, milliseconds. */
export function timeoutMsOf({ config }: { readonly config?: FunctionConfig | undefined }): number {
  return config?.timeoutMs || timeoutMsDefault;
}

/** Memory one call of a version may have, MiB. */
export function memoryMbOf({ config }: { readonly config?: FunctionConfig | undefined }): number {
  return config?.memoryMb || memoryMbDefault;
}

/** Whether state of a version may survive from call to call where its language's default is that nothing does. */
export function isReused({ config }: { readonly config?: FunctionConfig | undefined }): boolean {
  return config?.isolation === Isolation.ISOLATION_REUSE;
}
