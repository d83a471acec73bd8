import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { pocketDemi } from "../../examples/demi/pocket_demi.ts";
import { IntegrationTestHarness } from "../../lib/harness/integration_test_harness.ts";
import { simpleGreeting } from "../../lib/harness/scenarios/simple_greeting.ts";

suite("IntegrationTestHarness", () => {
  test("is set up, spoken to and torn down, more than once", async () => {
    const harness = new IntegrationTestHarness({ companion: pocketDemi, platforms: ["android"] });
    assert.throws(() => harness.environment, /must be set up, got one that is not/);
    for (let round = 0; round < 2; round++) {
      await harness.setup();
      await assert.rejects(harness.setup(), /must be torn down, got one that is set up/);
      assert.ok((await harness.environment.sendMessage("android", "ada", "Hello")).text);
      await harness.teardown();
      await harness.teardown();
      assert.equal(harness.isSetUp, false);
    }
    assert.ok(harness.events.some(({ kind }) => kind === "reply"));
    assert.ok(harness.timings.setupMs! > 0 && harness.timings.teardownMs! > 0);
  });

  test("a setup that fails leaves nothing, and can be tried again", async () => {
    let fails = true;
    const companion = (): ReturnType<typeof pocketDemi> => {
      const demi = pocketDemi();
      const start = demi.start.bind(demi);
      return Object.assign(demi, {
        start: (env: never) => (fails ? Promise.reject(new Error("not yet")) : start(env)),
      });
    };
    await using harness = new IntegrationTestHarness({ companion, platforms: ["android"] });
    await assert.rejects(harness.setup(), /not yet/);
    fails = false;
    await harness.setup();
  });

  test("runs scenarios in environments of their own, and gives results", async () => {
    const harness = new IntegrationTestHarness({ companion: pocketDemi, platforms: ["android"] });
    const told: string[] = [];
    const results = await harness.run([simpleGreeting], { onResult: ({ name }) => told.push(name) });
    assert.deepEqual(
      results.map(({ name, outcome }) => [name, outcome]),
      [["simple greeting", "passed"]],
    );
    assert.deepEqual(told, ["simple greeting"]);
    assert.equal(harness.isSetUp, false);
  });

  test("is told at once what it lacks", () => {
    assert.throws(
      () => new IntegrationTestHarness({} as never),
      /'companion' must be a function that makes one/,
    );
  });
});
