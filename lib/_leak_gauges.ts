import type { LeakState, LeakVerdict, SeriesVerdict } from "./memory/leak_verdict.ts";
import type { MetricFamily } from "./metrics/family.ts";
import type { Gauge } from "./metrics/gauge.ts";
import type { MetricsRegistry } from "./metrics/registry.ts";

/** A size that must not be reached, and its name in the label `limit`. */
export interface NamedLimit {
  readonly bytes: number;
  readonly label: string;
  /** Whether it binds the heap only: what is outside the heap then goes beyond it. */
  readonly isOfHeap: boolean;
}

const STATES: readonly LeakState[] = ["healthy", "growing", "leak", "not-enough-evidence"];
const YEAR_SECONDS = 365 * 24 * 3600;

/** A leak verdict as gauges. What a verdict does not know is absent. */
export class LeakGauges {
  readonly #limits: readonly NamedLimit[];
  readonly #verdict: MetricFamily<Gauge, "verdict">;
  readonly #growth: MetricFamily<Gauge, "series">;
  readonly #leak: MetricFamily<Gauge, "series">;
  readonly #limit: MetricFamily<Gauge, "limit">;

  constructor(registry: MetricsRegistry, limits: readonly NamedLimit[]) {
    this.#limits = limits;
    this.#verdict = registry.gauge({
      name: "demi_memory_leak_verdict",
      help: "1 for the verdict that holds: healthy, growing, leak or not-enough-evidence",
      labels: ["verdict"],
    });
    this.#growth = registry.gauge({
      name: "demi_memory_growth_per_hour_bytes",
      help: "What a series of memory grows by in an hour without an end in sight, a leak or not",
      labels: ["series"],
    });
    this.#leak = registry.gauge({
      name: "demi_memory_leak_per_hour_bytes",
      help: "What a leak adds to the series that shows it best in an hour; 0 when memory does not leak",
      labels: ["series"],
    });
    this.#limit = registry.gauge({
      name: "demi_memory_time_to_limit_seconds",
      help: "Time until a leak of heap or buffers reaches the limit; a year when none does within one",
      labels: ["limit"],
    });
  }

  update(verdict: LeakVerdict): void {
    for (const state of STATES) this.#verdict.bind({ verdict: state }).set(verdict.verdict === state ? 1 : 0);
    for (const one of verdict.series) {
      this.#growth.bind({ series: one.series }).set(growthOf(one));
      this.#leak.bind({ series: one.series }).set(leakOf(verdict, one));
    }
    for (const limit of this.#limits) {
      this.#limit.bind({ limit: limit.label }).set(secondsUntil(verdict, limit));
    }
  }
}

// an estimate that nothing bounds is no estimate, nor is one of too few samples
function growthOf({ verdict, slopeBytesPerHour: { value, low, high } }: SeriesVerdict): number {
  if (verdict === "not-enough-evidence") return NaN;
  return Number.isFinite(low) && Number.isFinite(high) ? value : NaN;
}

function leakOf({ verdict, decidedBy }: LeakVerdict, one: SeriesVerdict): number {
  if (verdict === "not-enough-evidence") return NaN;
  return verdict === "leak" && one.series === decidedBy ? one.slopeBytesPerHour.value : 0;
}

/** RSS alone, which much besides a leak can raise, foretells nothing: its severity is less than critical. */
function secondsUntil({ verdict, severity, decidedBy, series }: LeakVerdict, limit: NamedLimit): number {
  if (verdict === "not-enough-evidence") return NaN;
  if (verdict !== "leak" || severity !== "critical") return YEAR_SECONDS;
  if (limit.isOfHeap && decidedBy !== "postGc" && decidedBy !== "heapUsed") return YEAR_SECONDS;
  const decisive = series.find((one) => one.series === decidedBy);
  const hours = decisive?.hoursUntil.find(({ limitBytes }) => limitBytes === limit.bytes)?.hours?.value;
  return hours === undefined ? YEAR_SECONDS : Math.min(hours * 3600, YEAR_SECONDS);
}
