import type { Form } from '@relais/contracts';
import type { FixtureSource } from './support.js';

/** What a language supplies: one source per case. Programs read stdin and write stdout; handlers take and return. */
export interface RuntimeFixtures {
  /** File name of every source. */
  readonly filename: string;
  /** What build must answer. */
  readonly form: Form;
  readonly wasm: boolean;
  /** True when the echo passes any bytes; false for a handler that sees text or JSON (it then echoes text as it is). */
  readonly echoesBytes: boolean;
  /** True when a global survives from call to call under the language's default isolation. */
  readonly stateSurvives: boolean;
  readonly sources: {
    /** Outputs exactly "hello\n". */
    readonly hello: FixtureSource;
    /** Outputs the payload. */
    readonly echo: FixtureSource;
    /** Writes "about to fail\n" on stderr, then exits with code 3. */
    readonly exit: FixtureSource;
    /** Traps or throws inside a function named "explode". */
    readonly crash: FixtureSource;
    /** Writes "first line\n" and "second line\n" on stderr (a handler may print them), outputs "done". */
    readonly logs: FixtureSource;
    /** Writes at least 64 KiB of ASCII on stderr, outputs "done". */
    readonly logFlood: FixtureSource;
    /** Outputs the environment variables RELAIS_INVOCATION_ID and GREETING, joined by "|". */
    readonly environment: FixtureSource;
    /** Outputs at least 8 MiB; may go on for ever. */
    readonly flood: FixtureSource;
    /** Outputs "héllo, 世界 🎉" in UTF-8. */
    readonly unicode: FixtureSource;
    /** Increments a global that starts at 0 and outputs it in decimal. */
    readonly counter: FixtureSource;
    /** Outputs "line 0\n", "line 1\n" and so on for ever, each as it comes: as a stream where handlers have one. */
    readonly endlessLines: FixtureSource;
    /** Outputs "so far\n" as a part of its own, then fails. */
    readonly brokenStream: FixtureSource;
    /** Does not compile, parse or validate. */
    readonly invalid: FixtureSource;
    /**
     * Programs: answers with the header block "Status: 201", "X-Method: $REQUEST_METHOD", then the body
     * "$PATH_INFO?$QUERY_STRING".
     */
    readonly cgi?: FixtureSource;
    /**
     * Handlers: in a span "outer" with the attributes rows 3 and bad, which is no value a span can have, runs a span "inner"
     * that gives back "kept" and a span "broken" whose exception it catches; then 150 spans "many". Outputs what inner gave,
     * and context.tracestate (nothing when there is none), joined by "|".
     */
    readonly spans?: FixtureSource;
    /** style processes only: writes its pid to the file named by STARTED_FILE, then loops for ever without yielding. */
    readonly endless?: FixtureSource;
  };
  /** What these are for isolation reuse, where the same source will not do. */
  readonly reusable?: Readonly<Record<'counter' | 'echo' | 'environment', FixtureSource>>;
  /** Where the error of `invalid` is; 0 when the language cannot tell. */
  readonly invalidLine: number;
}
