import type { FunctionVersion } from '@relais/contracts';
import { RelaisError } from '@relais/kit';
import type { CachedFunctions } from '../core/cached-functions.js';
import type { Caller } from '../core/caller.js';
import type { ServerRequest } from '../net/messages.js';
import { BrowserRules, type Foreign } from './browser-rules.js';
import { allowsOrigin, isPreflight } from './function-access.js';
import type { Grant, KeyCheck } from './key-check.js';
import { keyOf } from './key-form.js';
import type { Need } from './needs.js';

/** What was decided of a request: what it may do, or why it is refused. */
export interface Verdict extends Grant {
  readonly refusal?: RelaisError;
}

export interface GatekeeperOptions {
  readonly functions: CachedFunctions;
  /** Names this platform answers to beside localhost and IP addresses. */
  readonly publicHosts: readonly string[];
  /** Absent: the platform asks for no keys. */
  readonly keys?: KeyCheck | undefined;
}

// What the gate asks is no part of the request's trace, which begins behind it.
const gate: Caller = { traceparent: '' };
const admitted: Verdict = Object.freeze({});

/** The one place every request passes, whatever its protocol, before anything of it is read but its head. */
export class Gatekeeper {
  readonly #functions: CachedFunctions;
  readonly #browser: BrowserRules;
  readonly #keys: KeyCheck | undefined;

  constructor({ functions, keys, publicHosts }: GatekeeperOptions) {
    this.#functions = functions;
    this.#browser = new BrowserRules(publicHosts);
    this.#keys = keys;
  }

  /**
   * `reference`: the function of an HTTP trigger, where the need says so. Never rejects; answers at once unless storage
   * must be asked.
   */
  check(request: ServerRequest, need: Need, reference: string | undefined): Verdict | Promise<Verdict> {
    const foreign = this.#browser.foreign(request);
    if (need !== 'trigger') return foreign ? { refusal: foreign.error } : this.#checkKey(request, need);
    // A function need be known only to make an exception for it.
    if (!foreign && !this.#keys) return admitted;
    return this.#checkTrigger(request, reference ?? '', foreign);
  }

  #checkTrigger(request: ServerRequest, reference: string, foreign: Foreign | undefined): Verdict | Promise<Verdict> {
    const decide = (version: FunctionVersion | undefined) => {
      const { auth = '', cors = [] } = version?.config ?? {};
      if (auth === 'public') return admitted;
      const { origin } = request.headers;
      if (foreign && (foreign.kind === 'host' || origin === undefined || !allowsOrigin(cors, origin))) {
        return { refusal: foreign.error };
      }
      // Browsers ask without the key that will come with the request itself.
      return isPreflight(cors, request) ? admitted : this.#checkKey(request, 'invoke');
    };
    const version = this.#find(reference);
    return version instanceof Promise ? version.then(decide) : decide(version);
  }

  #checkKey(request: ServerRequest, need: Need): Verdict | Promise<Verdict> {
    if (!this.#keys || need === 'nothing') return admitted;
    try {
      const grant = this.#keys.check(keyOf(request), need, gate);
      return grant instanceof Promise ? grant.catch(refused) : grant;
    } catch (error) {
      return refused(error);
    }
  }

  // What cannot be found is nobody's public function.
  #find(reference: string): FunctionVersion | Promise<FunctionVersion | undefined> {
    return this.#functions.peek(reference, gate) ?? this.#functions.resolve(reference, gate).catch(() => undefined);
  }
}

function refused(error: unknown): Verdict {
  return { refusal: RelaisError.from(error) };
}
