// What RecoveryTest does where the file layer cannot be built: less exact kills, and no power loss.
import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { pocketDemiProcess } from "../../../examples/pocket_demi_process.ts";
import { demiAgeing } from "../../../lib/stability/recovery/ageing_model.ts";
import { RecoveryTest } from "../../../lib/stability/recovery/recovery_test.ts";

process.env["CC"] = "/no/such/compiler";

suite("RecoveryTest, without a C compiler", { concurrency: 2 }, () => {
  for (const name of ["killed during a save", "killed during the start"] as const) {
    test(`'${name}' is tried by what is seen from outside`, async () => {
      const run = new RecoveryTest({
        companion: pocketDemiProcess,
        cases: [name],
        rounds: 2,
        ageing: demiAgeing,
      });
      const { cases } = await run.run();
      assert.equal(cases[0]!.outcome, "passed", cases[0]!.sentence);
      assert.match(cases[0]!.rounds[0]!.did, /when a file changed|after \d+ ms/);
    });
  }

  test("'power loss' is not possible, and says what is missing", async () => {
    const { cases } = await new RecoveryTest({
      companion: pocketDemiProcess,
      cases: ["power loss"],
      rounds: 1,
    }).run();
    assert.equal(cases[0]!.outcome, "not-possible");
    const { sentence } = cases[0]!;
    assert.match(
      sentence,
      process.platform === "linux" ? /C compiler must be there \(\/no\/such/ : /must be Linux/,
    );
  });
});
