import { once } from "node:events";
import { existsSync } from "node:fs";
import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { PocketDemi, pocketDemi } from "../../examples/demi/pocket_demi.ts";
import type { EmotionalState } from "../../lib/emotion/emotional_state.ts";
import type { CompanionEnvironment } from "../../lib/harness/companion.ts";
import { testEnvironment } from "../../lib/harness/test_environment.ts";

suite("testEnvironment()", () => {
  test("a message on each platform is answered, and moves the emotions", async () => {
    await using env = await testEnvironment({ companion: pocketDemi });
    for (const platform of env.platforms) {
      const reply = await env.sendMessage(platform, "ada", "Hello Demi");
      assert.ok(reply.text.length > 0);
      assert.ok(reply.responseTimeMs > 100 && reply.responseTimeMs < 3000, String(reply.responseTimeMs));
    }
    assert.ok((await env.emotions()).excitement > 0.5);
    assert.equal((await env.verdict()).outcome, "healthy");
  });

  test("a companion without momentum has none, and one without an emotion is told which", async () => {
    class Plain extends PocketDemi {
      without = "momentum";
      override async emotions(): Promise<EmotionalState> {
        const state: Record<string, unknown> = { ...(await super.emotions()) };
        delete state[this.without];
        return state as unknown as EmotionalState;
      }
    }
    const companion = new Plain();
    await using env = await testEnvironment({ companion: () => companion, platforms: ["android"] });
    assert.equal((await env.emotions()).momentum.excitement, 0);
    companion.without = "jealousy";
    await assert.rejects(env.emotions(), /'jealousy' must be a number, got undefined/);
  });

  test("time passes when it is told to, and while the companion is off", async () => {
    await using env = await testEnvironment({ companion: pocketDemi });
    const started = env.clock.now();
    await env.advance(3_600_000);
    const before = (await env.emotions()).loneliness;
    await env.restart({ offMs: 3_600_000 });
    assert.ok(env.clock.now() - started >= 7_200_000);
    assert.ok((await env.emotions()).loneliness > before);
    assert.ok((await env.sendMessage("android", "ada", "Are you there?")).text);
  });

  test("time that passes while a process starts is made up for", async () => {
    class Slow extends PocketDemi {
      readonly keepsOwnTime = true;
      livedMs = 0;
      override async start(env: CompanionEnvironment): Promise<void> {
        await env.clock.sleep(90_000); // nobody waits for it on the clock: a real process that is slow looks so
        await super.start({ ...env, listen: undefined });
      }
      advance(durationMs: number): Promise<void> {
        this.livedMs += durationMs;
        return Promise.resolve();
      }
    }
    const companion = new Slow();
    await using env = await testEnvironment({ companion: () => companion, platforms: [] });
    const passedMs = env.clock.now() - Date.UTC(2026, 0, 1);
    assert.ok(passedMs >= 90_000);
    assert.equal(companion.livedMs, passedMs);
  });

  test("what is prepared is there when the companion starts", async () => {
    let startedAt = 0;
    class Late extends PocketDemi {
      override async start(env: CompanionEnvironment): Promise<void> {
        startedAt = env.clock.now();
        await super.start(env);
      }
    }
    let readyAt = 0;
    await using env = await testEnvironment({
      companion: () => new Late(),
      platforms: ["discord"],
      prepare: async (env) => {
        env.discord.addGuild("Another Guild");
        await env.advance(86_400_000);
        readyAt = env.clock.now();
      },
    });
    assert.equal(startedAt, readyAt);
    assert.equal(env.discord.guilds.length, 2);
  });

  test("the same seed gives the same replies in the same time", async () => {
    const talk = async (): Promise<readonly [string, number]> => {
      await using env = await testEnvironment({ companion: pocketDemi, seed: 7 });
      const { text, responseTimeMs } = await env.sendMessage("discord", "ada", "What is new?");
      return [text, responseTimeMs];
    };
    assert.deepEqual(await talk(), await talk());
  });

  test("nothing is left when it ends, also when the companion cannot start", async () => {
    let directory = "";
    const broken = {
      ...pocketDemi(),
      start: (env: { dataDirectory: string }) => {
        directory = env.dataDirectory;
        return Promise.reject(new Error("cannot wake"));
      },
    };
    await assert.rejects(testEnvironment({ companion: () => broken }), /cannot wake/);
    assert.equal(existsSync(directory), false);
  });

  test("a bot that does not get ready is told what its gateway waited for", async () => {
    const silent = {
      ...pocketDemi(),
      start: async ({ discord }: CompanionEnvironment) => {
        const socket = new WebSocket(`ws://${new URL(discord!.apiUrl).host}`);
        await once(socket, "message"); // HELLO, which is not answered
        throw new Error("not ready in time");
      },
      stop: () => Promise.resolve(),
    };
    await assert.rejects(testEnvironment({ companion: () => silent }), {
      message: "not ready in time\n    The mock Discord waited for it to identify.",
    });
  });
});
