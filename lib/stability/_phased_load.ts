import { type Arrival, LoadPlan, type LoadPlanOptions } from "../harness/load/load_plan.ts";

/** What users do: the options of a plan that a phase of a run has. */
export type StabilityLoad = Omit<LoadPlanOptions, "seed" | "startMs">;

/** A part of a run with a load of its own. */
export interface StabilityPhase extends StabilityLoad {
  /** Such as `night`, `release day`. */
  readonly name: string;
  readonly hours: number;
}

const HOUR_MS = 3_600_000;

/** @throws {RangeError} If there is no phase, one's hours are not > 0, or its load cannot be planned. */
export function checkPhases(phases: readonly StabilityPhase[]): void {
  if (phases.length === 0) {
    throw new RangeError("Cannot make stability test: 'phases' must have at least one, got none");
  }
  for (const { name, hours, ...load } of phases) {
    if (!(hours > 0 && hours < Infinity)) {
      throw new RangeError(
        `Cannot make stability test: 'hours' of phase ${name} must be finite and > 0, got ${hours}`,
      );
    }
    void new LoadPlan(0, load);
  }
}

/**
 * All messages of a run, phase after phase; what is left of the time after the last phase begins with the first again.
 * Made as they are read.
 */
export class PhasedLoad {
  readonly durationMs: number;
  readonly #phases: readonly StabilityPhase[];
  readonly #seed: string;
  readonly #startMs: number;

  /** @param startMs When it begins, epoch milliseconds: what hour it is then. */
  constructor(durationMs: number, seed: string, phases: readonly StabilityPhase[], startMs = 0) {
    this.durationMs = durationMs;
    this.#seed = seed;
    this.#phases = phases;
    this.#startMs = startMs;
  }

  /** Name of the phase at that moment. */
  phaseAt(atMs: number): string {
    for (const { name, fromMs, toMs } of this.#spans()) if (atMs >= fromMs && atMs < toMs) return name;
    return this.#phases.at(-1)!.name;
  }

  /** Names of all users, in their order. */
  get users(): readonly string[] {
    return [...new Set(this.#phases.flatMap((phase) => new LoadPlan(0, toLoad(phase)).users))];
  }

  /**
   * @param fromSequence The first that is wanted.
   * @param untilMs Where it ends, if that is sooner.
   */
  *arrivals(fromSequence = 0, untilMs: number = this.durationMs): Generator<Arrival, void, undefined> {
    let sequence = 0;
    let index = 0;
    for (const { fromMs, toMs, phase } of this.#spans()) {
      const seed = `${this.#seed} phase ${index++}`;
      const startMs = this.#startMs + fromMs;
      for (const arrival of new LoadPlan(toMs - fromMs, { ...toLoad(phase), seed, startMs })) {
        const atMs = fromMs + arrival.atMs;
        if (atMs >= untilMs) return;
        if (sequence >= fromSequence) yield { ...arrival, sequence, atMs };
        sequence++;
      }
    }
  }

  *#spans(): Generator<
    { name: string; fromMs: number; toMs: number; phase: StabilityPhase },
    void,
    undefined
  > {
    for (let fromMs = 0, index = 0; fromMs < this.durationMs; index++) {
      const phase = this.#phases[index % this.#phases.length]!;
      const toMs = Math.min(this.durationMs, fromMs + Math.round(phase.hours * HOUR_MS));
      yield { name: phase.name, fromMs, toMs, phase };
      fromMs = toMs;
    }
  }
}

function toLoad({ name: _name, hours: _hours, ...load }: StabilityPhase): StabilityLoad {
  return load;
}
