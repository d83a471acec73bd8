import { fileURLToPath } from "node:url";
import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { type CompanionFactory, processCompanion } from "demi-health/harness";
import { type RecoveryCaseName, RecoveryTest } from "demi-health/stability";

const companion = (bot: string): CompanionFactory =>
  processCompanion({
    command: process.execPath,
    args: [
      bot,
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
const BOT = fileURLToPath(new URL("_forgetful_bot.ts", import.meta.url));

suite("RecoveryTest on somebody else's bot", () => {
  const complaints = async (name: RecoveryCaseName, rounds: number): Promise<string | undefined> => {
    const { cases } = await new RecoveryTest({ companion: companion(BOT), cases: [name], rounds }).run();
    return cases[0]?.outcome === "passed" ? undefined : (cases[0]?.sentence ?? "no result");
  };

  test("one that never told its model of earlier messages is not said to have lost them", async () => {
    assert.equal(await complaints("graceful restart", 1), undefined);
  });

  test("one that feels before it answers may have kept that when it was killed in between", async () => {
    assert.equal(await complaints("killed within a message", 2), undefined);
  });
});
