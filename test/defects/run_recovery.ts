// Plants every defect of how pocket Demi keeps what she knows, one at a time, and lets RecoveryTest look for it; then
// lets the healthy one go through all cases, as a process and in this one. Prints a line each; ends with 2 if any
// answer is wrong.
import { parseArgs } from "node:util";
import { pocketDemi } from "../../examples/demi/pocket_demi.ts";
import { pocketDemiProcess } from "../../examples/pocket_demi_process.ts";
import { demiAgeing } from "../../lib/stability/recovery/ageing_model.ts";
import { RecoveryTest } from "../../lib/stability/recovery/recovery_test.ts";
import type { CompanionFactory } from "../../lib/harness/companion.ts";
import { tryDefect } from "./recovery/_try_defect.ts";
import { RECOVERY_DEFECTS } from "./recovery/recovery_defects.ts";

const HELP = `Usage: node test/defects/run_recovery.ts [options]

  --rounds N     rounds of each case with a healthy companion (default 40)
  --seeds N      seeds with which each defect is looked for (default 3)
  --only TEXT    defects whose name has this text
  --help         this text

Exit code: 0 every defect found and no complaint about a healthy companion, 2 otherwise.`;

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "40" },
    seeds: { type: "string", default: "3" },
    only: { type: "string", default: "" },
    help: { type: "boolean", default: false },
  },
});

async function tryDefects(): Promise<number> {
  let missed = 0;
  for (const defect of RECOVERY_DEFECTS.filter(({ name }) => name.includes(values.only))) {
    for (let seed = 1; seed <= Number(values.seeds); seed++) {
      const { outcome, sentence } = await tryDefect(defect, { seed });
      const isRight = outcome === "failed" && defect.says.test(sentence);
      if (!isRight) missed++;
      console.log(
        `${isRight ? "caught" : "MISSED"}  ${defect.name}, seed ${seed}  [${defect.case}]\n        ${sentence}`,
      );
    }
  }
  return missed;
}

async function tryHealthy(name: string, companion: CompanionFactory): Promise<number> {
  const rounds = Number(values.rounds);
  const test = new RecoveryTest({ companion, rounds, ageing: demiAgeing, seed: name });
  const { cases, timeToRecoverMs } = await test.run();
  let complaints = 0;
  console.log(`\nHealthy pocket Demi, ${name}, ${rounds} rounds of each case`);
  for (const each of cases) {
    const failed = each.rounds.filter(({ outcome }) => outcome === "failed");
    complaints += failed.length;
    const { p50, p95 } = each.timeToRecoverMs ?? {};
    const times = p50 === undefined ? "never" : `p50 ${p50.toFixed(0)} ms, p95 ${p95!.toFixed(0)} ms`;
    console.log(`${each.outcome.padEnd(20)} ${each.name.padEnd(24)} ${times.padEnd(28)} ${each.sentence}`);
    for (const { round, did, sentences } of failed)
      console.log(`  round ${round}: ${did}: ${sentences.join("; ")}`);
  }
  if (timeToRecoverMs) {
    const { count, p50, p95 } = timeToRecoverMs;
    console.log(`${count} recoveries: p50 ${p50.toFixed(0)} ms, p95 ${p95.toFixed(0)} ms`);
  }
  return complaints;
}

async function run(): Promise<void> {
  if (values.help) return console.log(HELP);
  const missed = await tryDefects();
  if (values.only !== "") return void (process.exitCode = missed > 0 ? 2 : 0);
  const complaints =
    (await tryHealthy("as a process", pocketDemiProcess)) + (await tryHealthy("in this process", pocketDemi));
  console.log(
    `\n${RECOVERY_DEFECTS.length} defects: ${missed} times missed; ${complaints} complaints about a healthy companion`,
  );
  process.exitCode = missed + complaints > 0 ? 2 : 0;
}

await run();
