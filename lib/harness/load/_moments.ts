import type { SeededRandom } from "../../base/random.ts";
import type { PlatformName } from "../environment.ts";
import type { LoadMoment } from "./load_position.ts";

/** Somebody whose time to write has come. */
export interface Turn {
  readonly atMs: number;
  /** Index of the user. */
  readonly user: number;
  /** Where, if that is settled. */
  readonly platform?: PlatformName | undefined;
}

/** Gives the beginnings of moments or bursts. */
export interface Beginnings {
  readonly nextMs: number;
  /** Goes on to the next, and gives the time of this one. */
  take(): number;
}

/** Moments at which one user writes, or several do. */
export class Moments {
  readonly #beginnings: Beginnings;
  readonly #choices: SeededRandom;
  readonly #users: number;
  readonly #atOnce: number;
  #moment: LoadMoment | null;

  constructor(
    beginnings: Beginnings,
    choices: SeededRandom,
    { users, atOnce }: { readonly users: number; readonly atOnce: number },
    from: LoadMoment | null,
  ) {
    this.#beginnings = beginnings;
    this.#choices = choices;
    this.#users = users;
    this.#atOnce = atOnce;
    this.#moment = from;
  }

  get moment(): LoadMoment | null {
    return this.#moment;
  }

  get nextMs(): number {
    return this.#moment?.atMs ?? this.#beginnings.nextMs;
  }

  take(): Turn {
    const { atMs, first, written } = this.#moment ?? this.#begin();
    this.#moment = written + 1 < this.#atOnce ? { atMs, first, written: written + 1 } : null;
    return { atMs, user: (first + written) % this.#users };
  }

  #begin(): LoadMoment {
    const atMs = this.#beginnings.take();
    return { atMs, first: this.#choices.integer(0, this.#users - 1), written: 0 };
  }
}
