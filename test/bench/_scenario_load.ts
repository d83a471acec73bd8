import { pocketDemi } from "../../examples/demi/pocket_demi.ts";
import { runScenario } from "../../lib/harness/run_scenario.ts";
import { coreScenarios } from "../../lib/harness/scenarios/all_scenarios.ts";

/**
 * How long the fifteen scenarios take, one after another, on the virtual clock with pocket Demi in this process.
 *
 * @throws {Error} If one of them does not pass: its time would mean nothing.
 */
export async function measureScenarios(): Promise<{ readonly totalMs: number }> {
  let totalMs = 0;
  for (const scenario of coreScenarios) {
    const { outcome, durationMs, error } = await runScenario(scenario, { companion: pocketDemi });
    if (outcome !== "passed")
      throw new Error(`Cannot measure scenarios: '${scenario.name}' ${outcome}: ${error}`);
    totalMs += durationMs;
  }
  return { totalMs };
}
