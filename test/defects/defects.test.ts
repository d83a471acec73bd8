// Each planted defect is caught by its scenario, by a message that names the cause; healthy Demis give no complaint.
import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { pocketDemi } from "../../examples/demi/pocket_demi.ts";
import { runScenario } from "../../lib/harness/run_scenario.ts";
import type { Scenario } from "../../lib/harness/scenario.ts";
import { allScenarios } from "../../lib/harness/scenarios/all_scenarios.ts";
import { describeComplaint, scenarioNamed } from "./_complaint.ts";
import { plant } from "./_plant.ts";
import { DEFECTS } from "./defects.ts";

const HEALTHY_SEEDS = [1, 2, 3, 4, 5];

suite("planted defects", { concurrency: 2 }, () => {
  for (const defect of DEFECTS) {
    test(`${defect.name}: caught by '${defect.scenario}'`, async () => {
      await using planted = await plant(defect);
      const scenario = scenarioNamed(defect.scenario);
      const result = await runScenario(scenario, { companion: planted.factory, seed: "defect" });
      const complaint = describeComplaint(result);
      assert.equal(result.outcome, "failed", `not caught: ${complaint}`);
      assert.match(complaint, defect.says);
    });
  }
});

suite("healthy runs", { concurrency: 2 }, () => {
  for (const seed of HEALTHY_SEEDS) {
    test(`seed ${seed}: no complaint`, async () => {
      for (const scenario of allScenarios as readonly Scenario[]) {
        const result = await runScenario(scenario, { companion: pocketDemi, seed });
        assert.equal(result.outcome, "passed", `${scenario.name}: ${describeComplaint(result)}`);
        assert.deepEqual(result.violations, [], scenario.name);
      }
    });
  }
});
