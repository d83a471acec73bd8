import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { Ollama } from "ollama";
import { VirtualClock } from "../../lib/base/virtual_clock.ts";
import { MockDiscordServer } from "../../lib/mocks/discord/mock_discord_server.ts";
import { MockOllamaServer } from "../../lib/mocks/ollama/mock_ollama_server.ts";
import { Bot } from "./discord/_bot.ts";

// A hundred words a second after half a second: "one" to "ten" take 590 ms.
const TIMING = { firstTokenMs: 500, tokensPerSecond: 100, jitterRatio: 0 };
const REPLY = "one two three four five six seven eight nine ten";

suite("mocks on one virtual clock", () => {
  test("a reply takes as long as the model does, also for who waits in the bot's queue", async () => {
    const clock = new VirtualClock({ startMs: Date.UTC(2026, 0, 1) });
    await using discord = await MockDiscordServer.listen({ clock });
    await using ollama = await MockOllamaServer.listen({ clock, ...TIMING, replies: [[/./, REPLY]] });
    await using bot = await Bot.login(discord);
    const llm = new Ollama({ host: ollama.url });
    let queue: Promise<unknown> = Promise.resolve();
    bot.answer((message) => {
      const think = async (): Promise<void> => {
        const messages = [{ role: "user", content: message.content }];
        let text = "";
        for await (const part of await llm.chat({ model: ollama.model, messages, stream: true })) {
          text += part.message.content;
        }
        await message.reply(text);
      };
      return (queue = queue.then(think));
    });

    const tookMs: number[] = [];
    const ask = (user: string): void => {
      const sentAt = clock.now();
      const to = discord.sendAsUser(user, "count");
      void discord.waitForReply({ to }).then(({ text, message }) => {
        assert.equal(text, REPLY);
        tookMs.push(message.createdAt - sentAt);
      });
    };
    clock.setTimer(() => ask("ada"), 60_000);
    clock.setTimer(() => ["ada", "grace", "linus"].forEach(ask), 120_000);
    await clock.advance(3_600_000);
    assert.deepEqual(tookMs, [590, 590, 1180, 1770]);
  });
});
