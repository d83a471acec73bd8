// A healthy companion, its users and its monitor on a virtual clock: hours of ordinary life raise no alarm.
import { join } from "node:path";
import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { HealthMonitor, MockDiscordServer, MockOllamaServer } from "demi-health";
import { SeededRandom, VirtualClock } from "demi-health/base";
import { PocketDemi } from "../../examples/demi/pocket_demi.ts";
import { SimulatedUsers } from "../../examples/_simulated_users.ts";
import { temporaryDirectory } from "./_demo.ts";

const HOURS = 1;

suite("hours of ordinary life", { timeout: 240_000 }, () => {
  test("raise no warning, lose no message, and keep every value in its bounds", async () => {
    const clock = new VirtualClock();
    const random = new SeededRandom("ordinary life");
    await using data = await temporaryDirectory();
    await using resources = new AsyncDisposableStack();
    const discord = resources.use(await MockDiscordServer.listen({ clock }));
    const ollama = resources.use(await MockOllamaServer.listen({ clock, random: random.stream("ollama") }));
    const demi = new PocketDemi();
    resources.defer(() => demi.stop());
    const errors: unknown[] = [];
    const onError = (error: unknown): void => void errors.push(error);
    await demi.start({
      dataDirectory: data.path,
      clock,
      discord: { apiUrl: discord.apiUrl, token: discord.token },
      ollama: { url: ollama.url, model: ollama.model },
      listen: { host: "127.0.0.1", port: 0 },
    });
    const monitor = await HealthMonitor.start({
      clock,
      storePath: join(data.path, "health.sqlite"),
      intervalMs: 5000,
      emotions: () => demi.emotions(),
      platforms: () => demi.health(),
      onError,
    });
    resources.use(monitor);
    const alerts: string[] = [];
    monitor.subscribe((message) => {
      if (message.type !== "alert" || message.data.state !== "firing" || message.data.level === "info")
        return;
      alerts.push(`${message.data.id} at ${clock.monotonicMs()} ms: ${message.data.message}`);
    });
    const users = new SimulatedUsers({
      discord,
      androidUrl: demi.url!,
      clock,
      random: random.stream("users"),
      onError,
    });
    users.start();
    await clock.advance(HOURS * 3_600_000);
    assert.deepEqual(alerts, []);
    assert.deepEqual(errors, []);
    const handled = (await demi.health()).reduce((sum, { messages = 0 }) => sum + messages, 0);
    assert.ok(users.sent > HOURS * 1000, `${users.sent} messages`);
    assert.ok(handled >= users.sent - 5, `${handled} of ${users.sent} were answered; a few may be under way`);
    const done = users[Symbol.asyncDispose]();
    await clock.advance(1000);
    await done;
  });
});
