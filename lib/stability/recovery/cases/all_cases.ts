import type { RecoveryCase } from "../recovery_case.ts";
import { clockJump } from "./clock_jump.ts";
import { corruptFile } from "./corrupt_file.ts";
import { fullDisk } from "./full_disk.ts";
import { gracefulRestart } from "./graceful_restart.ts";
import { killedDuringSave } from "./killed_during_save.ts";
import { killedDuringStart } from "./killed_during_start.ts";
import { killedWithinMessage } from "./killed_within_message.ts";
import { longAbsence } from "./long_absence.ts";
import { powerLoss } from "./power_loss.ts";
import { readOnlyDirectory } from "./read_only_directory.ts";
import { restoredBackup } from "./restored_backup.ts";

/** All that can happen, in the order in which it is tried. */
export const ALL_CASES: readonly RecoveryCase[] = [
  gracefulRestart,
  killedWithinMessage,
  killedDuringSave,
  killedDuringStart,
  longAbsence,
  corruptFile,
  powerLoss,
  fullDisk,
  readOnlyDirectory,
  clockJump,
  restoredBackup,
];
