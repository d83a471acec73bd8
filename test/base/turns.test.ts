import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { settlesBetweenSteps, stepInTurn } from "../../lib/base/_turns.ts";

suite("settlesBetweenSteps()", () => {
  test("true on Node, Deno and Bun", async () => {
    assert.equal(await settlesBetweenSteps(), true);
  });

  test("false where all immediates of a turn are called in one go", async () => {
    const { setImmediate: real } = globalThis;
    const queue: (() => void)[] = [];
    const together = (callback: () => void): void => {
      if (queue.push(callback) === 1) real(() => queue.splice(0).forEach((each) => each()));
    };
    globalThis.setImmediate = together as typeof setImmediate;
    try {
      const other = (await import(`../../lib/base/_turns.ts?${"together"}`)) as {
        settlesBetweenSteps: typeof settlesBetweenSteps;
      };
      assert.equal(await other.settlesBetweenSteps(), false);
    } finally {
      globalThis.setImmediate = real;
    }
  });
});

suite("stepInTurn()", () => {
  test("steps that often, all before an immediate that is set in the first", async () => {
    const seen: string[] = [];
    const steps = await stepInTurn(() => {
      if (seen.length === 0) setImmediate(() => seen.push("immediate"));
      seen.push("step");
      return true;
    }, 3);
    assert.equal(steps, 3);
    await stepInTurn(() => false, 1);
    assert.deepEqual(seen, ["step", "step", "step", "immediate"]);
  });

  test("ends with the first step that has nothing to do, or that throws", async () => {
    let calls = 0;
    assert.equal(await stepInTurn(() => ++calls < 3, 10), 2);
    assert.equal(calls, 3);
    const broken = stepInTurn(() => {
      calls++;
      throw new Error("broken");
    }, 10);
    await assert.rejects(broken, /broken/);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(calls, 4);
  });
});
