import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { pocketDemi } from "../../examples/demi/pocket_demi.ts";
import { RunFollower } from "../../examples/_run_follower.ts";
import { VirtualClock } from "../../lib/base/virtual_clock.ts";
import { LongRunningStabilityTest } from "../../lib/stability/long_running_stability_test.ts";
import { temporaryDirectory } from "../stability/_runs.ts";

suite("RunFollower", () => {
  test("tells of a run that is over, with what it proved; of none there is nothing to tell", async () => {
    await using directory = await temporaryDirectory();
    const clock = new VirtualClock();
    await using follower = await RunFollower.start(directory.path, { clock });
    assert.equal(follower.snapshot().run, undefined);
    const told: unknown[] = [];
    follower.subscribe(({ type }) => told.push(type));
    const run = { companion: pocketDemi, durationHours: 1, seed: 7, directory: directory.path };
    {
      await using stability = new LongRunningStabilityTest(run);
      await stability.setup();
      await stability.run();
    }
    await follower.look();
    assert.deepEqual(told, ["metrics", "run"]);
    const { run: seen } = follower;
    assert.equal(seen?.state, "finished");
    assert.equal(seen.elapsedMs, seen.durationMs);
    assert.deepEqual(
      seen.verdicts.map(({ name }) => name),
      ["HEALTH-01", "HEALTH-02", "HEALTH-03", "HEALTH-04"],
    );
    assert.equal(follower.snapshot().run, follower.run);
  });
});
