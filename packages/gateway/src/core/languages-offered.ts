import type { FleetServiceService, LanguageSupport } from '@relais/contracts';
import { RelaisError, type ServiceOf } from '@relais/kit';
import type { Caller } from './caller.js';
import type { ControlCalls } from './control-calls.js';
import { type KnownLanguage, knownLanguages } from './languages.js';

/** One language and what this platform can do with it now. */
export interface OfferedLanguage {
  readonly lang: string;
  readonly aliases: readonly string[];
  /** True when a worker builds it and one runs it, or it needs none. */
  readonly available: boolean;
  /** Why not, and the install line; empty when available. */
  readonly reason: string;
  /** Toolchain or interpreter with its version; empty when unknown. */
  readonly toolchain: string;
  readonly wasm: boolean;
}

/** The contract's languages against what the fleet offers. */
export class Languages {
  readonly #fleet: ServiceOf<typeof FleetServiceService>;
  readonly #calls: ControlCalls;

  constructor(fleet: ServiceOf<typeof FleetServiceService>, calls: ControlCalls) {
    this.#fleet = fleet;
    this.#calls = calls;
  }

  /** Every language of the contract, in its order. Errors: unavailable. */
  async list(caller: Caller): Promise<OfferedLanguage[]> {
    const offers = await this.#offers(caller);
    return knownLanguages.map((known) => judge(known, offers.get(known.lang)));
  }

  /** Throws failed_precondition reason toolchain_absent when no worker builds it, unavailable when there is none. */
  async checkBuildable(lang: string, caller: Caller): Promise<void> {
    const offers = await this.#offers(caller);
    if (offers.size === 0) {
      const message = 'No worker is attached yet that could build it; try again shortly.';
      throw new RelaisError('unavailable', message, { reason: 'no_worker', component: 'gateway', retryAfterMs: 1_000 });
    }
    const reason = whyNot(offers.get(lang));
    if (reason === '') return;
    throw new RelaisError('failed_precondition', `This platform cannot build and run ${lang} now: ${reason}`, {
      reason: 'toolchain_absent',
      component: 'gateway',
      fault: 'platform',
    });
  }

  async #offers(caller: Caller): Promise<Map<string, LanguageSupport>> {
    const { languages } = await this.#calls.run('balancer', caller, (c) => this.#fleet.listLanguages({}, c));
    return new Map(languages.map((support) => [support.lang, support]));
  }
}

function judge(known: KnownLanguage, support: LanguageSupport | undefined): OfferedLanguage {
  const { lang, aliases, wasm } = known;
  const reason = known.isStatic ? '' : whyNot(support);
  return { lang, aliases, available: reason === '', reason, toolchain: support?.toolchain ?? '', wasm };
}

function whyNot(support: LanguageSupport | undefined): string {
  if (!support) return 'no worker offers it.';
  if (support.builds && support.runs) return '';
  return support.reason || `no worker ${support.builds ? 'runs' : 'builds'} it.`;
}
