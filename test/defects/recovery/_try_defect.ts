// A pocket Demi with a defect, as a process of her own or in this one, before RecoveryTest.
import assert from "node:assert/strict";
import { chmod } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pocketDemiProcessWith } from "../../../examples/pocket_demi_process.ts";
import { demiAgeing } from "../../../lib/stability/recovery/ageing_model.ts";
import type { RecoveryCaseName } from "../../../lib/stability/recovery/recovery_case.ts";
import type { RecoveryCaseResult } from "../../../lib/stability/recovery/recovery_report.ts";
import { RecoveryTest } from "../../../lib/stability/recovery/recovery_test.ts";
import { plant } from "../_plant.ts";
import type { RecoveryDefect } from "./recovery_defects.ts";

const WITHIN_THIS_PROCESS: ReadonlySet<RecoveryCaseName> = new Set([
  "graceful restart",
  "killed within a message",
  "long absence",
  "corrupt state file",
  "clock jump",
  "restored backup",
]);

/** Whether a case can be tried on a companion that is no process of its own. */
export function canBeInProcess(name: RecoveryCaseName): boolean {
  return WITHIN_THIS_PROCESS.has(name);
}

/**
 * What the case of a defect says of a pocket Demi that has it.
 *
 * @param options `inProcess`: where she lives, for defects that are found in both places.
 */
export async function tryDefect(
  defect: RecoveryDefect,
  options: { readonly seed?: string | number; readonly inProcess?: boolean } = {},
): Promise<RecoveryCaseResult> {
  const { seed = "defect", inProcess = defect.isInProcess ?? false } = options;
  await using planted = await plant(defect);
  const directory = dirname(dirname(dirname(planted.module)));
  await chmod(directory, 0o755); // also for nobody, as whom she runs in a read-only directory
  const main = join(dirname(planted.module), "main.ts");
  const companion = inProcess ? planted.factory : pocketDemiProcessWith({ main });
  const { case: name, rounds = 2 } = defect;
  const test = new RecoveryTest({
    companion,
    cases: [name],
    rounds,
    seed,
    ageing: demiAgeing,
    untilFailure: true,
  });
  const { cases } = await test.run();
  return cases[0]!;
}

/** @throws {AssertionError} If the case does not fail, or does not say why. */
export async function assertCaught(defect: RecoveryDefect, inProcess: boolean): Promise<void> {
  const { outcome, sentence } = await tryDefect(defect, { inProcess });
  assert.equal(outcome, "failed", `not caught: ${sentence}`);
  assert.match(sentence, defect.says);
}
