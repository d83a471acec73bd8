import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { pocketDemi } from "../../examples/demi/pocket_demi.ts";
import { LongRunningStabilityTest } from "../../lib/stability/long_running_stability_test.ts";
import type { StabilityFault } from "../../lib/stability/stability_faults.ts";

const AT_ONCE = { atHours: 0 } as const;

suite("LongRunningStabilityTest.stop() in earnest", { timeout: 60_000 }, () => {
  const faults: readonly StabilityFault[] = [
    { kind: "outage", target: "discord", minutes: 20, ...AT_ONCE },
    { kind: "outage", target: "android", minutes: 20, ...AT_ONCE },
    { kind: "crash", offMinutes: 20, ...AT_ONCE },
    { kind: "llm", fault: { kind: "slow", ms: 1000 }, minutes: 20, ...AT_ONCE },
  ];
  for (const fault of faults) {
    test(`does not wait for the end of a fault: ${fault.kind} ${"target" in fault ? fault.target : ""}`, async () => {
      const begun = Promise.withResolvers<void>();
      await using longRun = new LongRunningStabilityTest({
        companion: pocketDemi,
        durationHours: 1,
        time: "system",
        faults: [fault],
        onEvent: ({ kind }) => kind === "fault" && begun.resolve(),
      });
      await longRun.setup();
      const running = longRun.run();
      await begun.promise;
      longRun.stop();
      const { end, faults: over } = await running;
      assert.equal(end, "stopped");
      assert.deepEqual(over, []);
    });
  }
});
