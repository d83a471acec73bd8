import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { pocketDemiProcess } from "../../examples/pocket_demi_process.ts";
import { makeEmotionalState } from "../../lib/harness/fixtures/emotion_fixtures.ts";
import { CompanionProcessError, processCompanion } from "../../lib/harness/process_companion.ts";
import { testEnvironment } from "../../lib/harness/test_environment.ts";

const node = process.execPath;

suite("ProcessCompanion", () => {
  test("a process on virtual time is spoken to, lives for hours, and keeps what it felt through a SIGKILL", async () => {
    await using env = await testEnvironment({ companion: pocketDemiProcess });
    const reply = await env.sendMessage("discord", "ada", "Hello Demi");
    assert.ok(reply.responseTimeMs > 100 && reply.responseTimeMs < 3000);
    await env.sendMessage("android", "ada", "You are lovely");
    const before = await env.emotions();
    assert.ok(before.affection > 0.5);
    await env.crash();
    await env.start();
    assert.equal((await env.emotions()).affection, before.affection);
    await env.advance(2 * 3_600_000);
    assert.ok((await env.emotions()).affection < before.affection);
    assert.deepEqual(
      (await env.health()).map(({ name, status }) => [name, status]),
      [
        ["discord", "online"],
        ["android", "online"],
        ["voice", "online"],
      ],
    );
  });

  test("begins with the emotions that it is given", async () => {
    const initialEmotions = makeEmotionalState({ loneliness: 0.9 });
    await using env = await testEnvironment({ companion: pocketDemiProcess, initialEmotions });
    assert.equal((await env.emotions()).loneliness, 0.9);
  });

  test("on real time its own clock is not a virtual one, which nobody would move", async () => {
    const options = { companion: pocketDemiProcess, time: "system", platforms: ["android"] } as const;
    await using env = await testEnvironment(options);
    const before = await env.emotions();
    await env.sendMessage("android", "ada", "I love talking to you");
    assert.ok((await env.emotions()).lastUpdated > before.lastUpdated);
  });

  test("the real memory of the process is known", async () => {
    await using env = await testEnvironment({ companion: pocketDemiProcess, platforms: ["android"] });
    const { rssBytes } = await env.companion.memory!();
    assert.ok(rssBytes > 10e6 && rssBytes < 1e9, String(rssBytes));
  });

  test("a process that ends before it is ready is told with its exit code and its last words", async () => {
    const companion = processCompanion({
      command: node,
      args: ["-e", "console.error('no database'); process.exit(3)"],
    });
    await assert.rejects(testEnvironment({ companion }), (error: Error) => {
      assert.ok(error instanceof CompanionProcessError);
      assert.match(error.message, /exit code 3/);
      assert.match(error.message, /no database/);
      return true;
    });
  });

  test("a command that is not there is told", async () => {
    const companion = processCompanion({ command: "/no/such/companion" });
    await assert.rejects(testEnvironment({ companion }), /ENOENT/);
  });

  test("one that is never ready is ended when its time is up", async () => {
    const companion = processCompanion({
      command: node,
      args: ["-e", "console.log('waiting'); setInterval(() => {}, 1000)"],
      startTimeoutMs: 300,
    });
    await assert.rejects(testEnvironment({ companion }), /ready within 300 ms[\s\S]*waiting/);
  });

  test("a template that names nothing known is refused", async () => {
    const companion = processCompanion({ command: node, args: ["{nobody}"] });
    await assert.rejects(testEnvironment({ companion }), /must be one of dataDirectory, .* got nobody/);
  });
});
