import { type SeededRandom } from "../../base/random.ts";
import type { PlatformName } from "../environment.ts";
import { activeToPlanTime } from "./_active_time.ts";
import { BurstTurns } from "./_burst_turns.ts";
import { gapSource } from "./_gaps.ts";
import { type Beginnings, Moments } from "./_moments.ts";
import type { ResolvedPattern } from "./_resolve_pattern.ts";
import { weightedChoice } from "./_weighted_choice.ts";
import { LOAD_STREAMS, type LoadPartPosition, type LoadStream } from "./load_position.ts";
import { type MessageKind, type MessageMix, writeMessage } from "./message_kinds.ts";

/** What a {@linkcode LoadPart} is made of. */
export interface LoadPartSettings {
  readonly pattern: ResolvedPattern;
  readonly users: readonly string[];
  readonly platforms: Readonly<Partial<Record<PlatformName, number>>>;
  readonly kinds: MessageMix;
  /** When the plan begins, since the Unix epoch. */
  readonly startMs: number;
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
const [SHORTEST_ABSENCE_HOURS, LONGEST_ABSENCE_HOURS] = [3, 24];
// Who comes back stays for so long: otherwise a pattern of many messages would soon have nobody left to write them.
const STAY_MS = 48 * HOUR_MS;

/** The messages of users who write in one pattern, one after another, without end. */
export class LoadPart {
  readonly #users: readonly string[];
  readonly #streams: Readonly<Record<LoadStream, SeededRandom>>;
  readonly #choosePlatform: () => PlatformName;
  readonly #chooseKind: () => MessageKind;
  readonly #chooseStay: (() => MessageKind) | undefined;
  readonly #beginnings: EvenBeginnings;
  readonly #moments: Moments;
  readonly #bursts: BurstTurns | undefined;
  readonly #away: Map<string, number>;

  constructor(settings: LoadPartSettings, random: SeededRandom, from?: LoadPartPosition) {
    const { pattern, users, platforms, kinds } = settings;
    this.#users = users;
    this.#streams = toStreams(random, from);
    const { times, choices, bursts } = this.#streams;
    const [platform, kind] = [weightedChoice("platforms", platforms), weightedChoice("kinds", kinds)];
    this.#choosePlatform = () => platform(choices);
    this.#chooseKind = () => kind(choices);
    const { "long-gap": _gaps, ...stays } = kinds;
    if (Object.values(stays).some((weight) => weight > 0)) {
      const stay = weightedChoice("kinds", stays);
      this.#chooseStay = () => stay(choices);
    }
    this.#beginnings = new EvenBeginnings(settings, times, from?.activeMs);
    const group = { users: users.length, atOnce: pattern.atOnce };
    this.#moments = new Moments(this.#beginnings, choices, group, from?.moment ?? null);
    if (pattern.bursts) {
      const chosen = { user: () => choices.integer(0, users.length - 1), platform: this.#choosePlatform };
      this.#bursts = new BurstTurns(this.#beginnings, chosen, bursts, pattern.bursts, from?.open ?? []);
    }
    this.#away = new Map(from?.away);
  }

  get position(): LoadPartPosition {
    return {
      activeMs: this.#beginnings.activeMs,
      moment: this.#moments.moment,
      open: this.#bursts?.open ?? [],
      away: [...this.#away],
      streams: eachStream((name) => this.#streams[name].state),
    };
  }

  /** When its next message comes, if its user is there. */
  get nextMs(): number {
    return (this.#bursts ?? this.#moments).nextMs;
  }

  /** The next message; `undefined` where the user whose turn it is is away. */
  take(): PartArrival | undefined {
    const turn = (this.#bursts ?? this.#moments).take();
    const { atMs } = turn;
    const user = this.#users[turn.user]!;
    if (this.#isAway(user, atMs)) return undefined;
    const kind = this.#kindFor(user);
    if (!kind) return undefined;
    const platform = turn.platform ?? this.#choosePlatform();
    if (kind === "long-gap") this.#leave(user, atMs);
    return { atMs, user, platform, kind, text: writeMessage(kind, this.#streams.texts) };
  }

  #isAway(user: string, atMs: number): boolean {
    const untilMs = this.#away.get(user);
    if (untilMs === undefined) return false;
    if (atMs >= untilMs + STAY_MS) this.#away.delete(user);
    return atMs < untilMs;
  }

  /** Another one for who was away not long ago, if there is any. */
  #kindFor(user: string): MessageKind | undefined {
    const kind = this.#chooseKind();
    return kind === "long-gap" && this.#away.has(user) ? this.#chooseStay?.() : kind;
  }

  #leave(user: string, atMs: number): void {
    const { absences } = this.#streams;
    const durationMs = absences.integer(SHORTEST_ABSENCE_HOURS * HOUR_MS, LONGEST_ABSENCE_HOURS * HOUR_MS);
    this.#away.set(user, atMs + durationMs);
  }
}

/** Moments that come evenly in active time. */
class EvenBeginnings implements Beginnings {
  readonly #gap: () => number;
  readonly #toPlanTime: (activeMs: number) => number;
  #activeMs: number;

  constructor({ pattern, startMs }: LoadPartSettings, times: SeededRandom, activeMs: number | undefined) {
    const gap = gapSource(pattern);
    this.#gap = () => gap(times);
    this.#toPlanTime = activeToPlanTime(pattern, startMs);
    this.#activeMs = activeMs ?? this.#gap();
  }

  get activeMs(): number {
    return this.#activeMs;
  }

  get nextMs(): number {
    return Math.floor(this.#toPlanTime(this.#activeMs));
  }

  take(): number {
    const atMs = this.nextMs;
    this.#activeMs += this.#gap();
    return atMs;
  }
}

function eachStream<T>(make: (name: LoadStream) => T): Record<LoadStream, T> {
  return Object.fromEntries(LOAD_STREAMS.map((name) => [name, make(name)])) as Record<LoadStream, T>;
}

function toStreams(
  random: SeededRandom,
  from: LoadPartPosition | undefined,
): Record<LoadStream, SeededRandom> {
  return eachStream((name) => {
    const stream = random.stream(name);
    if (from) stream.restore(from.streams[name]);
    return stream;
  });
}
