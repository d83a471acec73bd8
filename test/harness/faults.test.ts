import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import { PocketDemi, pocketDemi } from "../../examples/demi/pocket_demi.ts";
import type { CompanionEnvironment } from "../../lib/harness/companion.ts";
import { runScenario } from "../../lib/harness/run_scenario.ts";
import { simpleGreeting } from "../../lib/harness/scenarios/simple_greeting.ts";
import { testEnvironment } from "../../lib/harness/test_environment.ts";

const platforms = ["android"] as const;

/** Makes Demis who do something besides when they have started. */
function demiWho(besides: (env: CompanionEnvironment) => unknown): () => PocketDemi {
  return () => {
    const demi = new PocketDemi();
    const start = demi.start.bind(demi);
    return Object.assign(demi, {
      start: async (env: CompanionEnvironment) => {
        await start(env);
        await besides(env);
      },
    });
  };
}

const CARELESS: readonly (readonly [string, (env: CompanionEnvironment) => unknown])[] = [
  ["a promise", () => void Promise.reject(new TypeError("nobody looks"))],
  ["a timer of the runtime", () => setTimeout(() => fail(), 1)],
  ["a timer of the clock", ({ clock }) => clock.setTimer(fail, 1000)],
  ["a repeating timer of the clock", ({ clock }) => clock.setRepeating(fail, 1000)],
  ["a microtask", () => queueMicrotask(fail)],
];

function fail(): never {
  throw new TypeError("nobody looks");
}

suite("An error that a companion in this process does not handle", () => {
  for (const [where, besides] of CARELESS) {
    test(`in ${where} is a defect, with its place, and breaks nobody else`, async () => {
      await using other = await testEnvironment({ companion: pocketDemi, platforms });
      await using env = await testEnvironment({ companion: demiWho(besides), platforms });
      await Promise.all([env, other].map((each) => each.sendMessage("android", "ada", "Hello")));
      await env.advance(5000);
      const { outcome, faults } = await env.verdict();
      assert.equal(outcome, "defect");
      assert.equal(faults.length, 1, faults.join("\n"));
      assert.match(faults[0]!, /nobody.*: TypeError: nobody looks \(at .*faults\.test\.ts:\d+:\d+\)/);
      assert.equal((await other.verdict()).outcome, "healthy");
    });
  }

  test("makes the end of the environment fail where no verdict was asked for", async () => {
    const env = await testEnvironment({ companion: demiWho(CARELESS[0]![1]), platforms });
    await env.sendMessage("android", "ada", "Hello");
    await assert.rejects(
      async () => await env[Symbol.asyncDispose](),
      /left a promise to reject that nobody handled/,
    );
    assert.equal(existsSync(env.dataDirectory), false);
  });

  test("is told at once to onError, once", async () => {
    const told: string[] = [];
    const onError = (error: unknown): void => void told.push(String(error));
    const companion = demiWho(({ clock }) => clock.setRepeating(fail, 1000));
    await using env = await testEnvironment({ companion, platforms, onError });
    await env.advance(10_000);
    assert.equal(told.length, 1);
    assert.match(told[0]!, /threw an error that nobody caught: TypeError: nobody looks/);
  });

  test("fails a scenario whose steps all pass", async () => {
    const companion = demiWho(CARELESS[0]![1]);
    const { outcome, error } = await runScenario(simpleGreeting, { companion, platforms });
    assert.equal(outcome, "failed");
    assert.match(error!, /all steps passed[\s\S]*nobody handled: TypeError: nobody looks/);
  });

  test("of one that was killed is none", async () => {
    let ticks = 0;
    const companion = demiWho(({ clock }) => {
      clock.setTimer(() => ticks++, 1000);
      clock.setRepeating(() => ticks++, 1000);
      void clock.track(new Promise(() => undefined)); // would stop the time of everybody
      void clock.sleep(5000).then(fail);
    });
    await using env = await testEnvironment({ companion, platforms });
    await env.crash();
    await env.advance(60_000);
    assert.equal(ticks, 0);
    assert.deepEqual((await env.verdict()).faults, []);
  });

  test("leaves the process as it was when all environments have ended", async () => {
    const { emit } = process;
    const wasOwn = Object.hasOwn(process, "emit");
    {
      await using _ = await testEnvironment({ companion: pocketDemi, platforms: [] });
      assert.notEqual(process.emit, emit);
    }
    assert.equal(process.emit, emit);
    assert.equal(Object.hasOwn(process, "emit"), wasOwn);
  });
});

suite("A companion that hangs", () => {
  const hangsAt = (method: "stop" | "crash"): (() => PocketDemi) => {
    return () => {
      const demi = new PocketDemi();
      return Object.assign(demi, { [method]: () => new Promise<void>(() => undefined) });
    };
  };

  test("when it is stopped is crashed, everything ends, and the end says so", async () => {
    const env = await testEnvironment({ companion: hangsAt("stop"), platforms, stopTimeoutMs: 50 });
    const { url } = env.companion;
    await assert.rejects(
      async () => await env[Symbol.asyncDispose](),
      /did not stop as it must: .*longer than 50 ms/,
    );
    assert.equal(existsSync(env.dataDirectory), false);
    await assert.rejects(fetch(`${url}/api/health`)); // the crash has closed its port
    assert.equal((await env.verdict()).outcome, "defect");
  });
});

suite("A message that nobody answers", () => {
  test("is told with user, platform, number, what each end saw, and no text", async () => {
    const companion = demiWho(() => console.log("I log nothing of it"));
    await using env = await testEnvironment({ companion });
    await env.sendMessage("android", "ada", "Hello");
    void env.ollama.outage(Infinity);
    void env.discord.outage(Infinity);
    const lost = env.sendMessage("discord", "grace", "the secret of the chalice", { timeoutMs: 5000 });
    await assert.rejects(lost, (error: Error) => {
      assert.equal(error.name, "NoReplyError");
      const { message } = error;
      assert.match(message, /reply on discord for 'grace' to message 2: it took longer than 5000 ms/);
      assert.match(message, /the companion says that discord is (online|connecting|offline)/);
      assert.match(message, /last calls of Ollama: .*POST \/api\/chat 200 done/);
      assert.match(message, /it wrote last:\n {4}I log nothing of it/);
      assert.doesNotMatch(message, /chalice/);
      return true;
    });
  });
});

suite("What users write", () => {
  const talkative = demiWho(({ dataDirectory }) =>
    appendFile(join(dataDirectory, "chat.log"), "ada: the secret of the chalice\n"),
  );

  for (const [textsAreSecret, expected] of [
    [true, ["text of a user"]],
    [false, []],
  ] as const) {
    test(`may ${textsAreSecret ? "not " : ""}be in a log when textsAreSecret is ${textsAreSecret}`, async () => {
      await using env = await testEnvironment({ companion: talkative, platforms, textsAreSecret });
      await env.sendMessage("android", "ada", "the secret of the chalice");
      for (let looks = 0; looks < 3; looks++) await env.verdict();
      const { violations } = await env.verdict();
      assert.deepEqual(
        violations.map(({ subject }) => subject),
        expected,
      );
      assert.ok(violations.every(({ count }) => count === 1)); // looking again is not finding again
      assert.doesNotMatch(JSON.stringify(violations), /chalice/);
    });
  }
});

suite("Emotions", () => {
  test("that cannot be read are a defect", async () => {
    const companion = (): PocketDemi =>
      Object.assign(new PocketDemi(), { emotions: () => Promise.reject(new Error("no heart")) });
    await using env = await testEnvironment({ companion, platforms });
    assert.match((await env.verdict()).reasons.join(), /emotions cannot be read: no heart/);
  });

  test("that are no numbers are a defect", async () => {
    const companion = (): PocketDemi => {
      const demi = new PocketDemi();
      const emotions = demi.emotions.bind(demi);
      return Object.assign(demi, { emotions: async () => ({ ...(await emotions()), jealousy: Number.NaN }) });
    };
    await using env = await testEnvironment({ companion, platforms });
    assert.match((await env.verdict()).reasons.join(), /'jealousy' must be a number from 0 to 1, got NaN/);
  });
});

suite("timings", () => {
  test("say how long replies took on the clock, by platform", async () => {
    await using env = await testEnvironment({ companion: pocketDemi, platforms });
    const { responseTimeMs } = await env.sendMessage("android", "ada", "Hello");
    const { setupMs, replies } = env.timings;
    assert.ok(setupMs > 0);
    assert.deepEqual(Object.keys(replies), ["android"]);
    assert.equal(replies.android!.maxMs, responseTimeMs);
  });
});
