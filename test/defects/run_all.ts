// Plants every defect and runs every scenario against each, then healthy Demis with many seeds. Prints what caught
// what, and every complaint about a healthy one.
import { parseArgs } from "node:util";
import { pocketDemi } from "../../examples/demi/pocket_demi.ts";
import { runScenario } from "../../lib/harness/run_scenario.ts";
import type { Scenario, ScenarioResult } from "../../lib/harness/scenario.ts";
import { allScenarios } from "../../lib/harness/scenarios/all_scenarios.ts";
import type { CompanionFactory } from "../../lib/harness/companion.ts";
import { describeComplaint, scenarioNamed } from "./_complaint.ts";
import { plant } from "./_plant.ts";
import { type Defect, DEFECTS } from "./defects.ts";

const HELP = `Usage: node test/defects/run_all.ts [options]

  --seeds N      healthy runs of all scenarios, one a seed (default 50)
  --own          each defect with its own scenario only
  --only TEXT    defects whose name has this text
  --help         this text

Exit code: 0 every defect caught and no complaint about a healthy run, 2 otherwise.`;

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "50" },
    own: { type: "boolean", default: false },
    only: { type: "string", default: "" },
    help: { type: "boolean", default: false },
  },
});

async function failing(
  companion: CompanionFactory,
  scenarios: readonly Scenario[],
  seed: string | number,
): Promise<readonly ScenarioResult[]> {
  const results: ScenarioResult[] = [];
  for (const scenario of scenarios) results.push(await runScenario(scenario, { companion, seed }));
  return results.filter(({ outcome }) => outcome !== "passed");
}

async function tryDefect(defect: Defect): Promise<boolean> {
  await using planted = await plant(defect);
  const own = scenarioNamed(defect.scenario);
  const others = values.own ? [] : (allScenarios as readonly Scenario[]).filter((each) => each !== own);
  const caught = await failing(planted.factory, [own, ...others], "defect");
  const complaint = caught.find(({ name }) => name === own.name);
  const isRight = complaint?.outcome === "failed" && defect.says.test(describeComplaint(complaint));
  const by = caught.map(({ name }) => name).join(", ");
  console.log(`${isRight ? "caught" : "MISSED"}  ${defect.name}  [${by || "nothing"}]`);
  if (!isRight && complaint)
    console.log(`        said: ${describeComplaint(complaint).replaceAll("\n", "\n        ")}`);
  return isRight;
}

async function run(): Promise<void> {
  if (values.help) return console.log(HELP);
  const chosen = DEFECTS.filter(({ name }) => name.includes(values.only));
  let missed = 0;
  for (const defect of chosen) {
    const isCaught = await tryDefect(defect).catch((error: unknown) => {
      console.log(`MISSED  ${defect.name}  ${error instanceof Error ? error.message : String(error)}`);
      return false;
    });
    if (!isCaught) missed++;
  }
  let complaints = 0;
  for (let seed = 1; seed <= Number(values.seeds); seed++) {
    for (const result of await failing(pocketDemi, allScenarios as readonly Scenario[], seed)) {
      complaints++;
      console.log(`complaint  seed ${seed}  ${result.name}: ${describeComplaint(result)}`);
    }
    if (seed % 10 === 0) console.log(`${seed} healthy seeds, ${complaints} complaints`);
  }
  console.log(
    `${chosen.length - missed} of ${chosen.length} defects caught; ${complaints} complaints in ${values.seeds} healthy runs`,
  );
  process.exitCode = missed + complaints > 0 ? 2 : 0;
}

await run();
