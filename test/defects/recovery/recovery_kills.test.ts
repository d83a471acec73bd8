// What goes wrong at kills within a save or a start is found in a companion that is a process of its own.
import { suite, test } from "node:test";
import { assertCaught } from "./_try_defect.ts";
import { RECOVERY_DEFECTS } from "./recovery_defects.ts";

const CASES: ReadonlySet<string> = new Set(["killed during a save", "killed during the start"]);

suite("planted defects of saves and starts", { concurrency: 2 }, () => {
  for (const defect of RECOVERY_DEFECTS.filter(({ case: name }) => CASES.has(name))) {
    test(`${defect.name}: '${defect.case}' fails`, () => assertCaught(defect, false));
  }
});
