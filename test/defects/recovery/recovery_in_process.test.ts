// What goes wrong at restarts, over time and with spoilt files is found in a companion within this process.
import { suite, test } from "node:test";
import { assertCaught, canBeInProcess } from "./_try_defect.ts";
import { RECOVERY_DEFECTS } from "./recovery_defects.ts";

suite("planted defects of restarts", { concurrency: 2 }, () => {
  for (const defect of RECOVERY_DEFECTS.filter(({ case: name }) => canBeInProcess(name))) {
    test(`${defect.name}: '${defect.case}' fails`, () => assertCaught(defect, true));
  }
});
