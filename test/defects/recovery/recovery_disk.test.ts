// What goes wrong when the power goes, the disk is full or must not be written is found in a process.
import { suite, test } from "node:test";
import { assertCaught } from "./_try_defect.ts";
import { RECOVERY_DEFECTS } from "./recovery_defects.ts";

const CASES: ReadonlySet<string> = new Set(["power loss", "full disk", "read-only directory"]);

suite("planted defects of disks", { concurrency: 2 }, () => {
  for (const defect of RECOVERY_DEFECTS.filter(({ case: name }) => CASES.has(name))) {
    test(`${defect.name}: '${defect.case}' fails`, () => assertCaught(defect, false));
  }
});
