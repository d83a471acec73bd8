import type { SeededRandom } from "../../base/random.ts";
import type { PlatformName } from "../environment.ts";
import type { Beginnings, Turn } from "./_moments.ts";
import type { ResolvedPattern } from "./_resolve_pattern.ts";
import type { OpenBurst } from "./load_position.ts";

/** What chooses who writes a burst, and where: it stays with one user and one platform. */
export interface BurstChoices {
  readonly user: () => number;
  readonly platform: () => PlatformName;
}

/**
 * Bursts that begin now and then, and may overlap, as those of several people do: a Poisson cluster process where gaps
 * are. Whether one goes on is drawn after each message, so that its length need not be remembered.
 *
 * @see M. S. Bartlett (1963), JRSS B 25(2), 264–296, doi:10.1111/j.2517-6161.1963.tb00508.x
 */
export class BurstTurns {
  readonly #beginnings: Beginnings;
  readonly #choices: BurstChoices;
  readonly #random: SeededRandom;
  readonly #goesOn: number;
  readonly #gapMs: number;
  readonly #open: OpenBurst[];

  constructor(
    beginnings: Beginnings,
    choices: BurstChoices,
    random: SeededRandom,
    { messages, gapMs }: NonNullable<ResolvedPattern["bursts"]>,
    from: readonly OpenBurst[],
  ) {
    this.#beginnings = beginnings;
    this.#choices = choices;
    this.#random = random;
    this.#goesOn = 1 - 1 / messages;
    this.#gapMs = gapMs;
    this.#open = [...from];
  }

  /** Those that are not over, by the time of the next message. */
  get open(): readonly OpenBurst[] {
    return [...this.#open];
  }

  get nextMs(): number {
    return Math.min(this.#open[0]?.atMs ?? Infinity, this.#beginnings.nextMs);
  }

  take(): Turn {
    const [first] = this.#open;
    const burst = first && first.atMs <= this.#beginnings.nextMs ? this.#open.shift()! : this.#begin();
    if (this.#random.chance(this.#goesOn)) {
      this.#insert({ ...burst, atMs: burst.atMs + Math.ceil(this.#random.exponential(this.#gapMs)) });
    }
    return burst;
  }

  #begin(): OpenBurst {
    const atMs = this.#beginnings.take();
    return { atMs, user: this.#choices.user(), platform: this.#choices.platform() };
  }

  #insert(burst: OpenBurst): void {
    const after = this.#open.findIndex(({ atMs }) => atMs > burst.atMs);
    this.#open.splice(after < 0 ? this.#open.length : after, 0, burst);
  }
}
