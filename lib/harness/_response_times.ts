import type { EnvironmentTimings, PlatformName } from "./environment.ts";
import { LatencySummary } from "./load/latency_summary.ts";

/** Response times by platform, in bounded memory. */
export class ResponseTimes {
  readonly #summaries = new Map<PlatformName, LatencySummary>();

  /** Number of messages that were answered. */
  get count(): number {
    return this.#summaries.values().reduce((sum, { count }) => sum + count, 0);
  }

  add(platform: PlatformName, responseTimeMs: number): void {
    const summary = this.#summaries.get(platform) ?? new LatencySummary();
    this.#summaries.set(platform, summary);
    summary.add(responseTimeMs);
  }

  toQuantiles(): EnvironmentTimings["replies"] {
    return Object.fromEntries(this.#summaries.entries().map(([name, each]) => [name, each.toQuantiles()!]));
  }
}
