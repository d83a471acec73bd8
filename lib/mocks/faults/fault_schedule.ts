import type { Clock } from "../../base/clock.ts";
import type { SeededRandom } from "../../base/random.ts";

/**
 * A two-state loss model: a good state and a bad one, left with a probability at each occasion.
 *
 * @see E. N. Gilbert (1960), Bell Syst. Tech. J. 39(5), 1253–1265; E. O. Elliott (1963), ibid. 42(5), 1977–1997
 */
export interface GilbertElliott {
  /** Probability at each occasion that a good state turns bad. */
  readonly toBad: number;
  /** Probability at each occasion that a bad state turns good. */
  readonly toGood: number;
  /** Probability of the fault while bad. @default {1} */
  readonly whileBad?: number | undefined;
  /** Probability of the fault while good. @default {0} */
  readonly whileGood?: number | undefined;
}

/** A span of time, in milliseconds since the fault was injected, end excluded. */
export interface FaultWindow {
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * When a fault strikes. Every condition that is given must hold; without any it strikes at every occasion. An
 * occasion is what the fault is about: a request, a generation, an event, a connection.
 */
export interface FaultSchedule {
  /** Number of strikes, after which it is over: 1 for once. @default {Infinity} */
  readonly times?: number | undefined;
  /** Number of occasions that pass first. @default {0} */
  readonly skip?: number | undefined;
  /** Strikes at each n-th occasion, counted from the first that is not skipped. @default {1} */
  readonly every?: number | undefined;
  /** Strikes within these only. */
  readonly windows?: readonly FaultWindow[] | undefined;
  /** Strikes with this probability. @default {1} */
  readonly probability?: number | undefined;
  /** Strikes in bursts. */
  readonly bursts?: GilbertElliott | undefined;
}

/** A {@linkcode FaultSchedule} that is under way: asked at each occasion, in their order. */
export class ScheduledFault {
  readonly #schedule: FaultSchedule;
  readonly #clock: Clock;
  readonly #random: SeededRandom;
  readonly #startMs: number;
  #occasions = 0;
  #strikes = 0;
  #isBad = false;

  /** @throws {RangeError} If a number of the schedule is out of its range. */
  constructor(schedule: FaultSchedule, clock: Clock, random: SeededRandom) {
    checkSchedule(schedule);
    this.#schedule = schedule;
    this.#clock = clock;
    this.#random = random;
    this.#startMs = clock.monotonicMs();
  }

  /** Whether it has struck as often as it may. */
  get isOver(): boolean {
    return this.#strikes >= (this.#schedule.times ?? Infinity);
  }

  get strikes(): number {
    return this.#strikes;
  }

  /** Whether it strikes at this occasion. What is drawn does not depend on the time: the seed alone decides. */
  occasion(): boolean {
    const { skip = 0, every = 1, probability = 1, bursts } = this.#schedule;
    const hits = this.#random.chance(probability);
    const bursting = bursts === undefined || this.#burst(bursts);
    const position = this.#occasions++ - skip;
    if (this.isOver || position < 0 || position % every !== 0) return false;
    if (!hits || !bursting || !this.#isWithinWindow()) return false;
    this.#strikes++;
    return true;
  }

  #burst(bursts: GilbertElliott): boolean {
    const { toBad, toGood, whileBad = 1, whileGood = 0 } = bursts;
    const turns = this.#random.chance(this.#isBad ? toGood : toBad);
    if (turns) this.#isBad = !this.#isBad;
    return this.#random.chance(this.#isBad ? whileBad : whileGood);
  }

  #isWithinWindow(): boolean {
    const { windows } = this.#schedule;
    const elapsedMs = this.#clock.monotonicMs() - this.#startMs;
    return (
      windows === undefined || windows.some(({ fromMs, toMs }) => elapsedMs >= fromMs && elapsedMs < toMs)
    );
  }
}

/** @throws {RangeError} If a number is out of its range; the message names it. */
export function checkSchedule(schedule: FaultSchedule): void {
  const { times = 1, skip = 0, every = 1, probability = 1, bursts, windows = [] } = schedule;
  const check = (name: string, rule: string, holds: boolean, value: unknown): void => {
    if (!holds) throw new RangeError(`Cannot schedule fault: '${name}' must be ${rule}, got ${value}`);
  };
  check("times", "an integer >= 1 or Infinity", times === Infinity || isCount(times, 1), times);
  check("skip", "an integer >= 0", isCount(skip, 0), skip);
  check("every", "an integer >= 1", isCount(every, 1), every);
  check("probability", "in [0, 1]", isRatio(probability), probability);
  for (const [name, ratio] of Object.entries(bursts ?? {})) {
    check(`bursts.${name}`, "in [0, 1]", ratio === undefined || isRatio(ratio), ratio);
  }
  for (const { fromMs, toMs } of windows) {
    check("windows", "spans with 0 <= fromMs < toMs", fromMs >= 0 && fromMs < toMs, `${fromMs} to ${toMs}`);
  }
}

function isCount(value: number, least: number): boolean {
  return Number.isInteger(value) && value >= least;
}

function isRatio(value: number): boolean {
  return value >= 0 && value <= 1;
}
