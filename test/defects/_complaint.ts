import type { Scenario, ScenarioResult } from "../../lib/harness/scenario.ts";
import { allScenarios } from "../../lib/harness/scenarios/all_scenarios.ts";
import { formatViolation } from "../../lib/mocks/violations.ts";

/** All that a result complains of, as its reader sees it. */
export function describeComplaint(result: ScenarioResult): string {
  return [result.error ?? result.outcome, ...result.violations.map(formatViolation)].join("\n");
}

/** @throws {Error} If there is none of that name. */
export function scenarioNamed(name: string): Scenario {
  const found = (allScenarios as readonly Scenario[]).find((scenario) => scenario.name === name);
  if (found) return found;
  throw new Error(`Cannot find scenario: its name must be one of the list, got '${name}'`);
}
