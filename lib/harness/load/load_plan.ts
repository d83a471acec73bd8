import { createHash } from "node:crypto";
import { SeededRandom } from "../../base/random.ts";
import type { PlatformName } from "../environment.ts";
import { gapSource } from "./_gaps.ts";
import { weightedChoice } from "./_weighted_choice.ts";
import { type LoadPattern, type LoadPatternName, resolvePattern } from "./load_pattern.ts";
import { DEFAULT_MESSAGE_MIX, type MessageKind, type MessageMix, writeMessage } from "./message_kinds.ts";

/** One message that is to be sent. */
export interface Arrival {
  /** Position in the plan, from 0. */
  readonly sequence: number;
  /** Milliseconds since the beginning of the plan. */
  readonly atMs: number;
  readonly user: string;
  readonly platform: PlatformName;
  readonly kind: MessageKind;
  readonly text: string;
}

/** How often each platform is used, in any unit. */
export type PlatformMix = Readonly<Partial<Record<PlatformName, number>>>;

/** What a plan is made of. */
export interface LoadPlanOptions {
  /** @default {"casual"} */
  readonly pattern?: LoadPattern | LoadPatternName | undefined;
  /** @default {"load"} */
  readonly seed?: string | number | undefined;
  /** How many users, or their names. @default {3} */
  readonly users?: number | readonly string[] | undefined;
  /** @default Discord and Android alike */
  readonly platforms?: PlatformMix | undefined;
  /** @default {DEFAULT_MESSAGE_MIX} */
  readonly kinds?: MessageMix | undefined;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** When who writes what and where: the same for the same options, on every runtime, and each time it is read. */
export class LoadPlan implements Iterable<Arrival> {
  readonly durationMs: number;
  readonly #options: LoadPlanOptions;
  readonly #users: readonly string[];

  /** @throws {RangeError} If a number or a name is out of its range. */
  constructor(durationMs: number, options: LoadPlanOptions = {}) {
    if (!(durationMs >= 0)) {
      throw new RangeError(`Cannot plan load: 'durationMs' must be >= 0, got ${durationMs}`);
    }
    this.durationMs = durationMs;
    this.#options = options;
    this.#users = toUsers(options.users ?? 3);
    resolvePattern(options.pattern ?? "casual");
    weightedChoice("platforms", options.platforms ?? { discord: 1, android: 1 });
    weightedChoice("kinds", options.kinds ?? DEFAULT_MESSAGE_MIX);
  }

  /** SHA-256 of all arrivals, in hexadecimal: equal for equal plans. Reads the whole plan. */
  get hash(): string {
    const hash = createHash("sha256");
    for (const { atMs, user, platform, kind, text } of this) {
      hash.update(`${JSON.stringify([atMs, user, platform, kind, text])}\n`);
    }
    return hash.digest("hex");
  }

  *[Symbol.iterator](): Generator<Arrival, void, undefined> {
    const { seed = "load", pattern: given = "casual", kinds = DEFAULT_MESSAGE_MIX } = this.#options;
    const random = new SeededRandom(seed);
    const [times, choices, texts] = [
      random.stream("times"),
      random.stream("choices"),
      random.stream("texts"),
    ];
    const pattern = resolvePattern(given);
    const gap = gapSource(pattern);
    const choosePlatform = weightedChoice("platforms", this.#options.platforms ?? { discord: 1, android: 1 });
    const chooseKind = weightedChoice("kinds", kinds);
    const activeMs = pattern.activeHoursPerDay * HOUR_MS;
    let sequence = 0;
    for (let awakeMs = gap(times); ; awakeMs += gap(times)) {
      const atMs = Math.floor(Math.floor(awakeMs / activeMs) * DAY_MS + (awakeMs % activeMs));
      if (atMs >= this.durationMs) return;
      const first = choices.integer(0, this.#users.length - 1);
      for (let i = 0; i < pattern.atOnce; i++) {
        const user = this.#users[(first + i) % this.#users.length]!;
        const kind = chooseKind(choices);
        const platform = choosePlatform(choices);
        yield { sequence: sequence++, atMs, user, platform, kind, text: writeMessage(kind, texts) };
      }
    }
  }
}

function toUsers(users: number | readonly string[]): readonly string[] {
  if (typeof users !== "number") {
    if (users.length > 0) return users;
    throw new RangeError("Cannot plan load: 'users' must have at least one name, got none");
  }
  if (!(Number.isSafeInteger(users) && users >= 1)) {
    throw new RangeError(`Cannot plan load: 'users' must be an integer >= 1, got ${users}`);
  }
  return Array.from({ length: users }, (_, index) => `user${index + 1}`);
}
