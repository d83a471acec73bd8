import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { suite, test } from "node:test";
import { fileURLToPath } from "node:url";
import assert from "node:assert/strict";
import {
  allScenarios,
  type Companion,
  coreScenarios,
  describeScenarios,
  runScenario,
  type Scenario,
  type ScenarioResult,
} from "demi-health/harness";
import { PocketDemi, pocketDemi } from "../../examples/demi/pocket_demi.ts";
import { temporaryDirectory } from "../integration/_demo.ts";

const HARNESS = fileURLToPath(new URL("../../lib/harness/mod.ts", import.meta.url));
const DEMI = fileURLToPath(new URL("../../examples/demi/pocket_demi.ts", import.meta.url));

// The names that the requirement lists.
const FIFTEEN = [
  "simple greeting",
  "lonely demeanor",
  "multi-turn conversation",
  "emotion amplification",
  "affection response",
  "loneliness ramble",
  "excitement ramble",
  "cross-platform sync",
  "platform isolation",
  "persistence verification",
  "emotional decay",
  "graceful degradation",
  "recovery after crash",
  "response time",
  "concurrent load",
];

function scenarioOf(parts: Partial<Scenario>): Scenario {
  return { name: "test", proves: "nothing", needs: [], steps: [], ...parts };
}

function run(parts: Partial<Scenario>, companion: () => Companion = pocketDemi): Promise<ScenarioResult> {
  const platforms = ["android"] as const;
  return runScenario(scenarioOf(parts), { companion, platforms, seed: "s" });
}

suite("scenarios", () => {
  test("the fifteen are there, and every name is used once", () => {
    assert.deepEqual(
      coreScenarios.map(({ name }) => name),
      FIFTEEN,
    );
    const names = allScenarios.map(({ name }) => name);
    assert.equal(new Set(names).size, names.length);
    for (const { proves, steps } of allScenarios) assert.ok(proves.endsWith(".") && steps.length > 0);
  });
});

// All of them, with several seeds, are run where the defects are planted.
describeScenarios(pocketDemi, {
  name: "describeScenarios()",
  scenarios: coreScenarios.slice(0, 3),
  seed: 11,
});

suite("describeScenarios() in a file of its own", () => {
  test("fails where the companion does, and says why it skips", async () => {
    await using data = await temporaryDirectory();
    const file = join(data.path, "scenarios.test.ts");
    const source = `
      import { coreScenarios, describeScenarios } from ${JSON.stringify(HARNESS)};
      import { PocketDemi } from ${JSON.stringify(DEMI)};
      class Numb extends PocketDemi {
        async emotions() {
          return { ...(await super.emotions()), excitement: NaN };
        }
      }
      const scenarios = coreScenarios.filter(({ name }) => name === "simple greeting" || name === "loneliness ramble");
      describeScenarios(() => new Numb(), { scenarios, lacks: ["rambles"] });`;
    await writeFile(file, source);
    const { NODE_TEST_CONTEXT: _, NODE_V8_COVERAGE: __, ...env } = process.env; // it is a run of its own
    const { promise, resolve } = Promise.withResolvers<string>();
    const args = ["--test", "--test-reporter=tap", file];
    execFile(process.execPath, args, { env }, (_error, stdout) => resolve(stdout));
    const report = await promise;
    assert.match(report, /^ +not ok \d - simple greeting$/m);
    assert.match(report, /'excitement' must be a finite number, got NaN/);
    assert.match(report, /^ +ok \d - loneliness ramble # SKIP it needs rambles, which the companion lacks$/m);
  });
});

suite("runScenario()", () => {
  test("gives the steps that were done, and the time on the clock", async () => {
    const result = await run({
      steps: [
        { does: "waits", run: (env) => env.advance(60_000) },
        { does: "looks", run: async (env) => assert.ok((await env.health()).length > 0) },
      ],
    });
    assert.deepEqual([result.outcome, result.ok, result.steps], ["passed", true, 2]);
    assert.ok(result.simulatedMs >= 60_000 && result.simulatedMs < 61_000);
  });

  test("a failed step is named, with the seed and the line that shows it again", async () => {
    const does = "asks for the impossible";
    const { outcome, ok, error, steps } = await run({
      name: "odd one",
      steps: [
        { does: "nothing", run: () => Promise.resolve() },
        { does, run: () => Promise.reject(new RangeError("must be 1, got 2")) },
        { does: "never", run: () => assert.fail("went on") },
      ],
    });
    assert.deepEqual([outcome, ok, steps], ["failed", false, 1]);
    assert.match(
      error!,
      /^odd one: step 2 of 3, 'asks for the impossible' \(seed s\): RangeError: must be 1, got 2/,
    );
    assert.match(error!, /See it again: node examples\/run_scenarios\.ts --only 'odd one' --seed 's'$/);
  });

  test("what is not there is skipped with the reason, and says nothing about the companion", async () => {
    const skipped = [
      await run({ needs: ["discord"] }),
      await run({ needs: ["two-platforms"] }),
      await runScenario(scenarioOf({ needs: ["rambles"] }), { companion: pocketDemi, lacks: ["rambles"] }),
    ];
    for (const { outcome, ok, error } of skipped)
      assert.deepEqual([outcome, ok], ["skipped", true], error ?? "");
    assert.match(skipped[0]!.error!, /needs discord/);
  });

  test("a companion that does not begin with the emotions it is given is not judged by them", async () => {
    class Stubborn extends PocketDemi {
      override start(env: Parameters<PocketDemi["start"]>[0]): Promise<void> {
        return super.start({ ...env, initialEmotions: undefined });
      }
    }
    const lonely = allScenarios.find(({ name }) => name === "lonely demeanor")!;
    const result = await runScenario(lonely, { companion: () => new Stubborn(), platforms: ["android"] });
    assert.equal(result.outcome, "skipped");
    assert.match(result.error!, /begins with the emotions it is given, got loneliness 0\.5 for 0\.9/);
  });

  test("a companion that cannot start could not be run, which is no defect found", async () => {
    class Broken extends PocketDemi {
      override start(): Promise<void> {
        return Promise.reject(new Error("no disk"));
      }
    }
    const { outcome, ok, error } = await run({}, () => new Broken());
    assert.deepEqual([outcome, ok], ["could-not-run", false]);
    assert.match(error!, /no disk/);
  });

  test("a step that hangs is ended after its real time", async () => {
    const hangs = scenarioOf({ steps: [{ does: "hangs", run: () => new Promise(() => undefined) }] });
    const result = await runScenario(hangs, {
      companion: pocketDemi,
      platforms: ["android"],
      stepTimeoutMs: 20,
    });
    assert.equal(result.outcome, "failed");
    assert.match(result.error!, /longer than 20 ms/);
  });

  test("violations fail it, unless it provokes them itself", async () => {
    const steps: Scenario["steps"] = [
      {
        does: "a stranger asks the model without end",
        async run(env) {
          using _down = env.ollama.injectFault({ kind: "fail", status: 503 });
          const body = JSON.stringify({ model: env.ollama.model, prompt: "again" });
          for (let i = 0; i < 60; i++) {
            const response = await fetch(`${env.ollama.url}/api/generate`, { method: "POST", body });
            await response.body?.cancel();
          }
        },
      },
    ];
    const failed = await run({ steps });
    assert.equal(failed.outcome, "failed");
    const rules = failed.violations.map(({ rule }) => rule);
    assert.ok(rules.length > 0);
    assert.match(failed.error!, /all steps passed.*, but\n {2}ollama: /);
    const passed = await run({ steps, provokes: rules });
    assert.deepEqual([passed.outcome, passed.violations], ["passed", []]);
  });

  test("an abort ends it", async () => {
    const stop = new AbortController();
    const waits = scenarioOf({
      steps: [
        {
          does: "waits",
          run: () => {
            stop.abort();
            return new Promise(() => undefined);
          },
        },
      ],
    });
    const { signal } = stop;
    const result = await runScenario(waits, { companion: pocketDemi, platforms: ["android"], signal });
    assert.equal(result.outcome, "could-not-run");
  });
});
