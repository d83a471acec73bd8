// In a process of its own: what other runs leave behind is given back while this one grows, which hides it.
import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { PocketDemi } from "../../examples/demi/pocket_demi.ts";
import { runOnce } from "./_runs.ts";

suite("LongRunningStabilityTest, a companion that leaks", { timeout: 120_000 }, () => {
  test("one that never forgets breaks HEALTH-02", async () => {
    const results = await runOnce({
      companion: () => new PocketDemi(undefined, "history"),
      // 2 MB an hour: at a third of that, 18 hours are too few to tell it from a warm-up under coverage
      pattern: { messagesPerHour: 200 },
      durationHours: 18,
    });
    const { outcome, evidence } = results.requirements["HEALTH-02"];
    assert.equal(outcome, "defect", evidence.join("\n"));
    assert.ok(results.findings.some(({ kind }) => kind === "leak"));
  });
});
