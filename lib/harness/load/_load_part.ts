import { type RandomState, type SeededRandom } from "../../base/random.ts";
import type { PlatformName } from "../environment.ts";
import { gapSource } from "./_gaps.ts";
import { weightedChoice } from "./_weighted_choice.ts";
import type { ResolvedPattern } from "./load_pattern.ts";
import type { LoadMoment, LoadPartPosition } from "./load_position.ts";
import { type MessageKind, type MessageMix, writeMessage } from "./message_kinds.ts";

/** What a {@linkcode LoadPart} is made of. */
export interface LoadPartSettings {
  readonly pattern: ResolvedPattern;
  readonly users: readonly string[];
  readonly platforms: Readonly<Partial<Record<PlatformName, number>>>;
  readonly kinds: MessageMix;
}

/** One message, without its place among those of other parts. */
export interface PartArrival {
  readonly atMs: number;
  readonly user: string;
  readonly platform: PlatformName;
  readonly kind: MessageKind;
  readonly text: string;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

function resumed(random: SeededRandom, state: RandomState | undefined): SeededRandom {
  if (state) random.restore(state);
  return random;
}

/** The messages of users who write in one pattern, one after another, without end. */
export class LoadPart {
  readonly #settings: LoadPartSettings;
  readonly #times: SeededRandom;
  readonly #choices: SeededRandom;
  readonly #texts: SeededRandom;
  readonly #gap: (random: SeededRandom) => number;
  readonly #choosePlatform: (random: SeededRandom) => PlatformName;
  readonly #chooseKind: (random: SeededRandom) => MessageKind;
  #activeMs: number;
  #moment: LoadMoment | null;

  constructor(settings: LoadPartSettings, random: SeededRandom, from?: LoadPartPosition) {
    this.#settings = settings;
    this.#gap = gapSource(settings.pattern);
    this.#choosePlatform = weightedChoice("platforms", settings.platforms);
    this.#chooseKind = weightedChoice("kinds", settings.kinds);
    this.#times = resumed(random.stream("times"), from?.times);
    this.#choices = resumed(random.stream("choices"), from?.choices);
    this.#texts = resumed(random.stream("texts"), from?.texts);
    this.#activeMs = from?.activeMs ?? this.#gap(this.#times);
    this.#moment = from?.moment ?? null;
  }

  get position(): LoadPartPosition {
    return {
      activeMs: this.#activeMs,
      moment: this.#moment,
      times: this.#times.state,
      choices: this.#choices.state,
      texts: this.#texts.state,
    };
  }

  /** When its next message comes. */
  get nextMs(): number {
    return this.#moment?.atMs ?? this.#nextMomentMs;
  }

  take(): PartArrival {
    const { pattern, users } = this.#settings;
    const { atMs, first, written } = (this.#moment ??= this.#begin());
    this.#moment = written + 1 < pattern.atOnce ? { atMs, first, written: written + 1 } : null;
    const user = users[(first + written) % users.length]!;
    const kind = this.#chooseKind(this.#choices);
    const platform = this.#choosePlatform(this.#choices);
    return { atMs, user, platform, kind, text: writeMessage(kind, this.#texts) };
  }

  #begin(): LoadMoment {
    const atMs = this.#nextMomentMs;
    this.#activeMs += this.#gap(this.#times);
    return { atMs, first: this.#choices.integer(0, this.#settings.users.length - 1), written: 0 };
  }

  get #nextMomentMs(): number {
    const activeMs = this.#settings.pattern.activeHoursPerDay * HOUR_MS;
    return Math.floor(Math.floor(this.#activeMs / activeMs) * DAY_MS + (this.#activeMs % activeMs));
  }
}
