/** What a deploy says in the tests; config by the names of the query parameters. */
export interface DoorDeploy {
  name: string;
  lang?: string;
  filename?: string;
  source: string;
  update?: boolean;
  config?: { timeoutMs?: number; memoryMb?: number; cflags?: string[]; env?: Record<string, string> };
}

export interface DoorFunction {
  id: string;
  name: string;
  lang: string;
  wasm: boolean;
  version: number;
}

/** A failure with the words of the contract, whichever way it came. */
export interface DoorFailure {
  code: string;
  reason: string;
  fault: string;
  message: string;
  component: string;
  invocationId: string;
  traceId: string;
  limitName: string;
  diagnosticLines: number[];
}

/** One way into the gateway; every method answers plain data or throws a DoorFailure. */
export interface Door {
  readonly name: string;
  deploy(input: DoorDeploy): Promise<DoorFunction>;
  /** Sends text, answers text. */
  invoke(reference: string, payload: string): Promise<string>;
  get(reference: string): Promise<DoorFunction & { source: string }>;
  list(pageSize: number, pageToken: string): Promise<{ names: string[]; nextPageToken: string }>;
  delete(name: string): Promise<number>;
  /** Names of the languages that are available. */
  languages(): Promise<string[]>;
}
