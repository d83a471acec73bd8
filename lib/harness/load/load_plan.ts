import { createHash } from "node:crypto";
import { SeededRandom } from "../../base/random.ts";
import type { PlatformName } from "../environment.ts";
import { LoadPart, type LoadPartSettings } from "./_load_part.ts";
import { toParts } from "./_load_parts.ts";
import type { LoadPattern, LoadPatternName } from "./load_pattern.ts";
import { checkPosition, type LoadPosition } from "./load_position.ts";
import type { MessageKind, MessageMix } from "./message_kinds.ts";

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

/** Users who write in one pattern. */
export interface LoadPartOptions {
  /** @default {"casual"} */
  readonly pattern?: LoadPattern | LoadPatternName | undefined;
  /** How many times as much is written as the pattern says. @default {1} */
  readonly rate?: number | undefined;
  /** How many users, or their names. @default {3} */
  readonly users?: number | readonly string[] | undefined;
  /** @default Discord and Android alike */
  readonly platforms?: PlatformMix | undefined;
  /** @default {DEFAULT_MESSAGE_MIX} */
  readonly kinds?: MessageMix | undefined;
}

/** What a plan is made of. */
export interface LoadPlanOptions extends LoadPartOptions {
  /**
   * Several groups of users at the same time, each with a pattern of its own; in the place of `pattern`, `rate` and
   * `users`, while `platforms` and `kinds` are then what a group has that does not say its own. Users that are given by
   * number are numbered on from group to group; a name that is in two groups writes in both patterns.
   */
  readonly mix?: readonly LoadPartOptions[] | undefined;
  /** @default {"load"} */
  readonly seed?: string | number | undefined;
  /**
   * When the plan begins, in milliseconds since the Unix epoch: what hour it is then for `timeOfDay`.
   *
   * @default {0}, which is midnight in UTC
   */
  readonly startMs?: number | undefined;
}

/** Options of {@linkcode LoadGenerator.plan}. */
export interface ResumeLoadOptions {
  /** Where it goes on, instead of at its beginning. The moments and the duration still count from the beginning. */
  readonly from?: LoadPosition | undefined;
}

// Part of what tells plans apart: to be raised when the same options come to give other messages.
const PLAN_VERSION = 1;

/** When who writes what and where: the same for the same options, on every runtime, and each time it is read. */
export class LoadPlan implements Iterable<Arrival> {
  readonly durationMs: number;
  readonly #seed: string | number;
  readonly #parts: readonly LoadPartSettings[];
  readonly #isMix: boolean;
  readonly #from: LoadPosition | undefined;
  #reading: Reading | undefined;

  /** @throws {RangeError} If a number or a name is out of its range, or `from` is of a plan with other options. */
  constructor(durationMs: number, options: LoadPlanOptions & ResumeLoadOptions = {}) {
    const { seed = "load", from } = options;
    if (!(durationMs >= 0)) {
      throw new RangeError(`Cannot plan load: 'durationMs' must be >= 0, got ${durationMs}`);
    }
    this.durationMs = durationMs;
    this.#seed = seed;
    this.#parts = toParts(options);
    this.#isMix = options.mix !== undefined;
    this.#from = from;
    if (from) checkPosition(from, this.#name, this.#parts.length);
    this.#read(); // fails now, and not when it is read
  }

  /** Names of all users, in their order. */
  get users(): readonly string[] {
    return [...new Set(this.#parts.flatMap(({ users }) => users))];
  }

  /**
   * Where the reading that was begun last stands, in plain JSON: before the arrival that it gives next. A plan of the
   * same options that goes on from there gives that arrival first.
   *
   * @example Half a day now, and the rest another time
   * ```ts
   * import assert from "node:assert/strict";
   * import { LoadGenerator } from "demi-health/harness";
   *
   * const load = new LoadGenerator({ pattern: "active", seed: 7 });
   * const plan = load.plan(24 * 3_600_000);
   * const before = [];
   * for (const arrival of plan) if (before.push(arrival) === 100) break;
   * const saved = JSON.stringify(plan.position);
   *
   * const after = [...load.plan(24 * 3_600_000, { from: JSON.parse(saved) })];
   * assert.deepEqual([...before, ...after], [...plan]);
   * ```
   */
  get position(): LoadPosition {
    return (this.#reading ?? this.#read()).position;
  }

  /** SHA-256 of all arrivals, in hexadecimal: equal for equal plans. Reads the whole plan. */
  get hash(): string {
    const hash = createHash("sha256");
    for (const { atMs, user, platform, kind, text } of this.#read().arrivals(this.durationMs)) {
      hash.update(`${JSON.stringify([atMs, user, platform, kind, text])}\n`);
    }
    return hash.digest("hex");
  }

  *[Symbol.iterator](): Generator<Arrival, void, undefined> {
    const reading = this.#read();
    this.#reading = reading;
    yield* reading.arrivals(this.durationMs);
  }

  #read(): Reading {
    const random = new SeededRandom(this.#seed);
    const parts = this.#parts.map((part, index) => {
      const own = this.#isMix ? random.stream(`part ${index + 1}`) : random;
      return new LoadPart(part, own, this.#from?.parts[index]);
    });
    return new Reading(this.#name, parts, this.#from?.sequence);
  }

  get #name(): string {
    const options = JSON.stringify([PLAN_VERSION, String(this.#seed), this.#isMix, this.#parts]);
    return createHash("sha256").update(options).digest("hex").slice(0, 16);
  }
}

/** One reading of a plan. */
class Reading {
  readonly #plan: string;
  readonly #parts: readonly LoadPart[];
  #sequence: number;

  constructor(plan: string, parts: readonly LoadPart[], sequence = 0) {
    this.#plan = plan;
    this.#parts = parts;
    this.#sequence = sequence;
  }

  get position(): LoadPosition {
    return { plan: this.#plan, sequence: this.#sequence, parts: this.#parts.map(({ position }) => position) };
  }

  *arrivals(durationMs: number): Generator<Arrival, void, undefined> {
    for (let part = this.#next(); part.nextMs < durationMs; part = this.#next()) {
      const message = part.take();
      if (message) yield { sequence: this.#sequence++, ...message };
    }
  }

  /** The part whose message comes next; of several at the same moment the first. */
  #next(): LoadPart {
    let next = this.#parts[0]!;
    for (const part of this.#parts) if (part.nextMs < next.nextMs) next = part;
    return next;
  }
}
