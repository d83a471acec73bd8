import type { Clock, ClockTimer } from "../../base/clock.ts";
import type { SeededRandom } from "../../base/random.ts";
import { checkSchedule, type FaultSchedule, type FaultWindow, ScheduledFault } from "./fault_schedule.ts";
import { checkToxic, type Toxic } from "./toxics.ts";

/** A connection, as toxics see it. */
export interface ToxicTarget {
  readonly index: number;
  set(order: number, toxic: Toxic): void;
  clear(order: number): void;
}

/** What a {@linkcode PlacedToxic} works with. */
export interface PlacedToxicOptions {
  /** Position among all toxics of its proxy. */
  readonly order: number;
  readonly schedule: FaultSchedule;
  readonly clock: Clock;
  readonly random: SeededRandom;
}

/** A toxic of a proxy: which connections it is on, and when. */
export class PlacedToxic {
  readonly #options: PlacedToxicOptions;
  readonly #scheduled: ScheduledFault;
  readonly #targets = new Set<ToxicTarget>();
  readonly #struck = new WeakSet<ToxicTarget>();
  readonly #timers: ClockTimer[] = [];
  #toxic: Toxic;
  #rolls: SeededRandom;
  #isOpen: boolean;
  #strikes = 0;

  /** @throws {RangeError} If a number of the toxic or the schedule is out of its range. */
  constructor(toxic: Toxic, options: PlacedToxicOptions) {
    const { schedule, clock, random } = options;
    checkToxic(toxic);
    checkSchedule(schedule);
    this.#toxic = toxic;
    this.#options = options;
    this.#rolls = random.stream("toxicity");
    // windows and the number of strikes are about when a connection is struck, the rest about which one
    const which = { ...schedule, windows: undefined, times: undefined };
    this.#scheduled = new ScheduledFault(which, clock, random.stream("schedule"));
    this.#isOpen = isWithin(schedule.windows, 0);
    const turns = new Set((schedule.windows ?? []).flatMap(({ fromMs, toMs }) => [fromMs, toMs]));
    for (const ms of turns) {
      if (ms > 0 && ms < Infinity)
        this.#timers.push(clock.setTimer(() => this.#turn(ms), ms, { keepAlive: false }));
    }
  }

  get toxic(): Toxic {
    return this.#toxic;
  }

  /** Number of connections that it was put on. */
  get strikes(): number {
    return this.#strikes;
  }

  /** A connection was made, or was there when the toxic was added. */
  offer(target: ToxicTarget): void {
    if (!this.#scheduled.occasion()) return;
    this.#targets.add(target);
    if (this.#isOpen) this.#put(target);
  }

  /** The connection has ended. */
  forget(target: ToxicTarget): void {
    this.#targets.delete(target);
  }

  /** Replaces the toxic in its place, on open connections, too; its toxicity is rolled anew. */
  update(toxic: Toxic): void {
    checkToxic(toxic);
    const before = this.#toxic;
    this.#toxic = toxic;
    this.#rolls = this.#rolls.stream("update");
    if (!this.#isOpen) return;
    for (const target of this.#targets) {
      if (before.stream !== toxic.stream) target.clear(this.#options.order);
      this.#put(target);
    }
  }

  remove(): void {
    for (const timer of this.#timers) timer.cancel();
    for (const target of this.#targets) target.clear(this.#options.order);
    this.#targets.clear();
  }

  #put(target: ToxicTarget): void {
    const { order, schedule } = this.#options;
    const isHit = this.#rolls.stream(String(target.index)).chance(this.#toxic.toxicity ?? 1);
    if (!isHit) return target.clear(order);
    if (!this.#struck.has(target)) {
      if (this.#strikes >= (schedule.times ?? Infinity)) return;
      this.#strikes++;
      this.#struck.add(target);
    }
    target.set(order, this.#toxic);
  }

  #turn(ms: number): void {
    const wasOpen = this.#isOpen;
    this.#isOpen = isWithin(this.#options.schedule.windows, ms);
    if (this.#isOpen === wasOpen) return;
    for (const target of this.#targets) {
      if (this.#isOpen) this.#put(target);
      else target.clear(this.#options.order);
    }
  }
}

function isWithin(windows: readonly FaultWindow[] | undefined, ms: number): boolean {
  return windows === undefined || windows.some(({ fromMs, toMs }) => ms >= fromMs && ms < toMs);
}
