import { fileURLToPath } from "node:url";
import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { processCompanion } from "demi-health/harness";
import { RecoveryTest } from "demi-health/stability";

const BOT = fileURLToPath(new URL("_forgetful_bot.ts", import.meta.url));

suite("RecoveryTest on somebody else's bot", () => {
  test("one that never told its model of earlier messages is not said to have lost them", async () => {
    const companion = processCompanion({
      command: process.execPath,
      args: [
        BOT,
        "{discord.apiUrl}",
        "{discord.token}",
        "{dataDirectory}",
        "{listen.port}",
        "{ollama.url}",
        "{ollama.model}",
      ],
      ready: /^ready (\S+)/,
      endpoints: { emotions: "/api/emotions", health: "/api/platforms" },
    });
    const cases = ["graceful restart"] as const;
    const { cases: results } = await new RecoveryTest({ companion, cases, rounds: 1 }).run();
    assert.equal(results[0]?.outcome, "passed", results[0]?.sentence ?? "no result");
  });
});
