// Leaks in pocket Demi as a process of her own, found from outside: by her figures, and by the line. All six, and healthy
// ones at four loads, are in `npm run leaks`.
import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { watchLife } from "../defects/_leak_run.ts";
import { LEAK_LINES, MINUTES } from "../defects/leaks.ts";

suite("a companion that loses memory", { concurrency: 2, timeout: 600_000 }, () => {
  for (const leak of ["history", "buffer"] as const) {
    test(`is found within 20 minutes of stress, with its line: ${leak}`, async () => {
      const { verdict, sites } = await watchLife({
        leak,
        pattern: "stress",
        seed: 1,
        minutes: MINUTES.stress,
      });
      assert.equal(verdict.verdict, "leak", JSON.stringify(verdict.series.map(({ evidence }) => evidence)));
      assert.equal(verdict.decidedBy, leak === "buffer" ? "external" : "postGc");
      const { functionName, line } = LEAK_LINES[leak];
      assert.deepEqual([sites[0]?.functionName, sites[0]?.line], [functionName, line]);
      assert.match(sites[0]!.file, /examples[\\/]demi[\\/]leaks\.ts$/);
    });
  }

  test("and a healthy one is not called a leak", async () => {
    const { verdict } = await watchLife({ pattern: "stress", seed: 1, minutes: MINUTES.stress });
    assert.notEqual(verdict.verdict, "leak", verdict.evidence.join(" "));
  });
});
