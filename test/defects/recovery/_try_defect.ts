// A pocket Demi with a defect, as a process of her own or in this one, before RecoveryTest.
import { chmod } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pocketDemiProcessWith } from "../../../examples/pocket_demi_process.ts";
import { demiAgeing } from "../../../lib/stability/recovery/ageing_model.ts";
import type { RecoveryCaseResult } from "../../../lib/stability/recovery/recovery_report.ts";
import { RecoveryTest } from "../../../lib/stability/recovery/recovery_test.ts";
import { plant } from "../_plant.ts";
import type { RecoveryDefect } from "./recovery_defects.ts";

/** What the case of a defect says of a pocket Demi that has it. */
export async function tryDefect(
  defect: RecoveryDefect,
  options: { readonly seed?: string | number; readonly rounds?: number } = {},
): Promise<RecoveryCaseResult> {
  const { seed = "defect", rounds = defect.rounds ?? 2 } = options;
  await using planted = await plant(defect);
  const directory = dirname(dirname(dirname(planted.module)));
  await chmod(directory, 0o755); // also for nobody, as whom she runs in a read-only directory
  const main = join(dirname(planted.module), "main.ts");
  const companion = defect.isInProcess ? planted.factory : pocketDemiProcessWith({ main });
  const test = new RecoveryTest({ companion, cases: [defect.case], rounds, seed, ageing: demiAgeing });
  const { cases } = await test.run();
  return cases[0]!;
}
