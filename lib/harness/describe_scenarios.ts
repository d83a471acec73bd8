import { suite, test } from "node:test";
import type { CompanionFactory } from "./companion.ts";
import { runScenario, type RunScenarioOptions } from "./run_scenario.ts";
import type { Scenario } from "./scenario.ts";
import { allScenarios } from "./scenarios/all_scenarios.ts";

/** Options of {@linkcode describeScenarios}. */
export interface DescribeScenariosOptions extends Omit<
  RunScenarioOptions,
  "companion" | "signal" | "onStep"
> {
  /** Name of the suite. @default {"scenarios"} */
  readonly name?: string | undefined;
  /** @default {allScenarios} */
  readonly scenarios?: readonly Scenario[] | undefined;
}

/** A scenario found a defect, or could not be run. */
export class ScenarioError extends Error {
  override readonly name: string = "ScenarioError";
}

/**
 * The whole suite in a companion's own repository: one test of `node:test` a scenario, in a file such as
 * `test/scenarios.test.ts`. What the companion lacks is skipped, with the reason.
 *
 * ```js
 * import { describeScenarios } from "demi-health/harness";
 * import { MyCompanion } from "../src/my_companion.ts";
 *
 * describeScenarios(() => new MyCompanion(), { lacks: ["rambles"] });
 * ```
 */
export function describeScenarios(companion: CompanionFactory, options: DescribeScenariosOptions = {}): void {
  const { name = "scenarios", scenarios = allScenarios, ...rest } = options;
  suite(name, () => {
    for (const scenario of scenarios) {
      test(scenario.name, async (context) => {
        const result = await runScenario(scenario, { ...rest, companion, signal: context.signal });
        if (result.outcome === "skipped") context.skip(result.error);
        else if (!result.ok) throw new ScenarioError(result.error);
      });
    }
  });
}
