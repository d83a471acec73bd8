import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { RequestBudget } from "../../../examples/demi/request_budget.ts";
import { VirtualClock } from "../../../lib/base/virtual_clock.ts";

suite("RequestBudget", () => {
  test("lets through so many a second, in their order, and nobody is lost", async () => {
    const clock = new VirtualClock();
    const budget = new RequestBudget(clock, 3);
    const times: number[] = [];
    const all = Promise.all(
      Array.from({ length: 8 }, async () => {
        await budget.take();
        times.push(clock.monotonicMs());
      }),
    );
    await clock.advanceUntil(all);
    assert.deepEqual(times, [0, 0, 0, 1000, 1000, 1000, 2000, 2000]);
  });

  test("does not wait where time has passed", async () => {
    const clock = new VirtualClock();
    const budget = new RequestBudget(clock, 1);
    for (let i = 0; i < 5; i++) {
      await budget.take();
      await clock.advance(1000);
    }
    assert.equal(clock.monotonicMs(), 5000);
  });
});
