import type { Clock } from "../../base/clock.ts";
import type { SeededRandom } from "../../base/random.ts";
import type { FaultLog, FaultSource } from "./fault_log.ts";
import { type FaultSchedule, ScheduledFault } from "./fault_schedule.ts";

/** What every fault of a mock has. */
export interface FaultLike {
  readonly kind: string;
}

/** A fault that was injected; disposing it ends it. */
export interface InjectedFault extends Disposable {
  /** How often it struck so far. */
  readonly strikes: number;
  /** Whether it can strike no more. */
  readonly isOver: boolean;
}

/** What a {@linkcode FaultInjector} works with. */
export interface FaultInjectorOptions {
  /** Names the mock in the log. */
  readonly source: string;
  readonly clock: Clock;
  readonly random: SeededRandom;
  readonly log: FaultLog;
}

interface Active<F> {
  readonly fault: F;
  readonly scheduled: ScheduledFault;
}

/** The faults of one mock, each on its schedule. The mock asks at each occasion whether one strikes. */
export class FaultInjector<F extends FaultLike> {
  readonly #options: FaultInjectorOptions;
  readonly #active = new Set<Active<F>>();
  readonly #source: FaultSource;
  #injected = 0;

  constructor(options: FaultInjectorOptions) {
    this.#options = options;
    this.#source = options.log.source(options.source);
  }

  /** @throws {RangeError} If a number of the schedule is out of its range. */
  inject(fault: F, schedule: FaultSchedule = {}): InjectedFault {
    const { clock, random } = this.#options;
    const stream = random.stream(`fault ${this.#injected++} ${fault.kind}`);
    const scheduled = new ScheduledFault(schedule, clock, stream);
    const active: Active<F> = { fault, scheduled };
    this.#active.add(active);
    const isHere = (): boolean => this.#active.has(active);
    return {
      get strikes() {
        return scheduled.strikes;
      },
      get isOver() {
        return !isHere();
      },
      [Symbol.dispose]: () => void this.#active.delete(active),
    };
  }

  /**
   * The fault that strikes at this occasion, if one does; it is logged. Of several the first that was injected.
   *
   * @param applies Which faults this occasion is one for.
   * @param detail Where it strikes, for the log: the same in every run of one seed.
   */
  strike<K extends F>(applies: (fault: F) => fault is K, detail?: string): K | undefined {
    let struck: K | undefined;
    for (const active of this.#active) {
      const { fault, scheduled } = active;
      if (!applies(fault) || struck) continue;
      if (scheduled.occasion()) struck = fault;
      if (scheduled.isOver) this.#active.delete(active);
    }
    if (struck) this.#source.record(struck.kind, detail);
    return struck;
  }

  /** Whether any fault is waiting to strike: mocks ask nothing more on their hot paths when there is none. */
  get isArmed(): boolean {
    return this.#active.size > 0;
  }

  /** Ends all faults. */
  clear(): void {
    this.#active.clear();
  }
}
