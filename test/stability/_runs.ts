import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LongRunningStabilityTest } from "../../lib/stability/long_running_stability_test.ts";
import type { StabilityFault } from "../../lib/stability/stability_faults.ts";
import type { StabilityTestOptions } from "../../lib/stability/stability_options.ts";
import type { StabilityResults } from "../../lib/stability/stability_results.ts";

/** Something of each kind that touches the companion's data. */
export const WEEKLY_FAULTS: readonly StabilityFault[] = [
  { kind: "outage", target: "discord", minutes: 20, atHours: 1.2 },
  { kind: "crash", atHours: 2.4 },
  { kind: "restart", offMinutes: 30, atHours: 4.1 },
  { kind: "outage", target: "llm", minutes: 5, atHours: 6.3 },
];

/** A directory that is removed at the end. */
export async function temporaryDirectory(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), "demi-stability-test-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, maxRetries: 3 }) };
}

/** Sets up, runs, and ends. */
export async function runOnce(options: StabilityTestOptions): Promise<StabilityResults> {
  await using test = new LongRunningStabilityTest(options);
  await test.setup();
  return await test.run();
}
