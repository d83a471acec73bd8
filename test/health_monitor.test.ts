import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { HealthMonitor } from "demi-health";
import { type PlatformHealth, VirtualClock } from "demi-health/base";
import { type EmotionalState, mapEmotions } from "demi-health/emotion";
import type { FeedAlert, FeedMessage } from "demi-health/feed";
import { temporaryDirectory } from "./integration/_demo.ts";

function stateOf(value: number, lastUpdated: number): EmotionalState {
  return { ...mapEmotions(() => value), momentum: mapEmotions(() => 0), lastUpdated };
}

function platform(status: PlatformHealth["status"], since: number): PlatformHealth {
  return { name: "discord", status, since, latencyMs: 20, lastEventAt: since };
}

/** A monitored companion whose parts the test sets. */
async function watch(options: { clock?: VirtualClock; storePath?: string } = {}) {
  const clock = options.clock ?? new VirtualClock();
  const companion = {
    emotions: (): EmotionalState | Promise<EmotionalState> => stateOf(0.5, clock.now()),
    platforms: (): readonly PlatformHealth[] => [platform("online", clock.now())],
  };
  const errors: unknown[] = [];
  const monitor = await HealthMonitor.start({
    name: "Testling",
    clock,
    storePath: options.storePath,
    emotions: () => companion.emotions(),
    platforms: () => companion.platforms(),
    onError: (error) => errors.push(error),
  });
  const messages: FeedMessage[] = [];
  monitor.subscribe((message) => messages.push(message));
  const alerts = (): FeedAlert[] => messages.flatMap((m) => (m.type === "alert" ? [m.data] : []));
  return {
    clock,
    companion,
    monitor,
    errors,
    messages,
    alerts,
    [Symbol.asyncDispose]: () => dispose(monitor, clock),
  };
}

// Saving waits for the file system, not for the clock, but the monitor's last sleep may be under way
async function dispose(monitor: HealthMonitor, clock: VirtualClock): Promise<void> {
  const disposing = monitor[Symbol.asyncDispose]();
  await clock.advance(1000);
  await disposing;
}

suite("HealthMonitor", () => {
  test("tells a changed emotion within its interval", async () => {
    await using watched = await watch();
    const { clock, companion, messages, monitor } = watched;
    companion.emotions = () => stateOf(0.75, clock.now());
    await clock.advance(500);
    const told = messages.findLast((message) => message.type === "emotions");
    assert.equal(told?.data.values["curiosity"], 0.75);
    assert.equal(monitor.snapshot().emotions?.values["curiosity"], 0.75);
    assert.equal(monitor.snapshot().metrics.values['demi_emotion{emotion="curiosity"}'], 0.75);
  });

  test("a platform that stays down alerts and resolves; a short blip does not", async () => {
    await using watched = await watch();
    const { clock, companion, alerts } = watched;
    const down = clock.now();
    companion.platforms = () => [platform("offline", down)];
    await clock.advance(2000);
    companion.platforms = () => [platform("online", clock.now())];
    await clock.advance(60_000);
    assert.deepEqual(
      alerts().filter(({ state }) => state === "firing"),
      [],
    );
    companion.platforms = () => [platform("offline", down)];
    await clock.advance(8000);
    const firing = alerts().find(({ state }) => state === "firing");
    assert.equal(firing?.rule, "platform_unhealthy");
    assert.deepEqual(firing?.labels, { platform: "discord" });
    companion.platforms = () => [platform("online", clock.now())];
    await clock.advance(120_000);
    assert.equal(alerts().findLast(({ rule }) => rule === "platform_unhealthy")?.state, "resolved");
  });

  test("an emotion that jumps further than any cause can drive it is an anomaly", async () => {
    await using watched = await watch();
    const { clock, companion, alerts, monitor } = watched;
    companion.emotions = () => stateOf(0.2, clock.now());
    await clock.advance(60_000);
    assert.deepEqual(
      alerts().filter(({ rule }) => rule === "emotional_anomaly"),
      [],
    );
    companion.emotions = () => ({ ...stateOf(0.2, clock.now()), jealousy: 0.95 });
    await clock.advance(20_000);
    assert.ok(
      alerts().some(({ rule, labels }) => rule === "emotional_anomaly" && labels["emotion"] === "jealousy"),
    );
    companion.emotions = () => ({ ...stateOf(0.2, clock.now()), affection: NaN });
    await clock.advance(20_000);
    assert.equal(monitor.snapshot().metrics.values['demi_emotion{emotion="affection"}'], undefined);
    assert.ok(
      alerts().some(({ rule, labels }) => rule === "emotional_anomaly" && labels["emotion"] === "affection"),
    );
  });

  test("a companion that fails to answer makes its values unknown, and is reported once", async () => {
    await using watched = await watch();
    const { clock, companion, errors, monitor } = watched;
    companion.emotions = () => {
      throw new Error("no state");
    };
    await clock.advance(10_000);
    const { values } = monitor.snapshot().metrics;
    assert.equal(values['demi_emotion{emotion="curiosity"}'], undefined);
    assert.ok((values['demi_source_errors_total{source="emotions"}'] ?? 0) > 5);
    assert.deepEqual(errors.map(String), ["Error: no state"]);
  });

  test("a companion that hangs does not stop the metrics", async () => {
    await using watched = await watch();
    const { clock, companion, messages } = watched;
    companion.emotions = () => new Promise<EmotionalState>(() => {});
    messages.length = 0;
    await clock.advance(5000);
    assert.ok(messages.filter(({ type }) => type === "metrics").length >= 5);
  });

  test("no message in the window means no response time, not zero", async () => {
    await using watched = await watch();
    const { clock, monitor } = watched;
    const key = "demi_response_time_p90_seconds";
    assert.equal(monitor.snapshot().metrics.values[key], undefined);
    monitor.messageHandled({ platform: "discord", responseTimeMs: 700, ok: true });
    await clock.advance(500);
    assert.ok(Math.abs(monitor.snapshot().metrics.values[key]! - 0.7) < 1e-9);
    await clock.advance(10 * 60_000);
    assert.equal(monitor.snapshot().metrics.values[key], undefined);
  });

  test("the history and a firing alert survive a restart", async () => {
    await using directory = await temporaryDirectory();
    const storePath = join(directory.path, "health.sqlite");
    const clock = new VirtualClock();
    const down = clock.now();
    const key = 'demi_emotion{emotion="curiosity"}';
    {
      await using watched = await watch({ clock, storePath });
      watched.companion.platforms = () => [platform("offline", down)];
      await clock.advance(20_000);
    }
    const stoppedAt = clock.now();
    await using again = await watch({ clock, storePath });
    assert.ok(
      again.monitor.alerts.alerts.some(({ rule, firedAt }) => rule === "platform_unhealthy" && firedAt),
    );
    const { points } = again.monitor.history({ key, from: down, to: stoppedAt, points: 10 });
    assert.ok(points.some(([time, value]) => time < stoppedAt && value === 0.5));
  });

  test("serves what it measures to Prometheus", async () => {
    await using watched = await watch();
    assert.match(watched.monitor.exposition(), /^demi_platform_up\{platform="discord"\} 1$/m);
  });

  test("what a companion says wrongly costs only what it says wrongly", async () => {
    await using watched = await watch();
    const { clock, companion, errors, monitor } = watched;
    const wrong = { name: "voice", status: "online", since: NaN } as PlatformHealth;
    companion.platforms = () => [platform("offline", 0), wrong, platform("online", 0)];
    companion.emotions = () => ({ loneliness: 0.5 }) as EmotionalState;
    await clock.advance(10_000);
    assert.deepEqual(
      monitor.snapshot().platforms.map(({ name, status }) => [name, status]),
      [["discord", "offline"]],
    );
    assert.ok(
      monitor.alerts.alerts.some(({ rule, state }) => rule === "platform_unhealthy" && state === "firing"),
    );
    const { values } = monitor.snapshot().metrics;
    assert.ok((values["process_resident_memory_bytes"] ?? 0) > 0);
    assert.ok((values['demi_source_errors_total{source="emotions"}'] ?? 0) > 5);
    assert.match(errors.map(String).join("\n"), /'excitement' must be a number/);
    assert.match(errors.map(String).join("\n"), /since of voice/);
    assert.match(errors.map(String).join("\n"), /discord twice/);
    assert.equal(errors.length, 3, "each once, not twice a second");
    assert.equal(values["demi_monitor_errors_total"], 3);
  });

  test("an alert state that cannot be read is reported, and alerts begin anew", async () => {
    await using directory = await temporaryDirectory();
    const storePath = join(directory.path, "health.sqlite");
    {
      await using _watched = await watch({ storePath });
    }
    const database = new DatabaseSync(storePath);
    database.exec("UPDATE state SET json = '{bad'");
    database.close();
    await using again = await watch({ storePath });
    assert.equal(again.errors.length, 1);
    assert.equal(again.monitor.snapshot().status, "ok");
  });

  test("within its cooldown an alert is shown and calls nobody", async () => {
    await using watched = await watch();
    const { clock, companion, alerts } = watched;
    for (let i = 0; i < 2; i++) {
      companion.platforms = () => [platform("offline", 0)];
      await clock.advance(8000);
      companion.platforms = () => [platform("online", 0)];
      await clock.advance(8000);
    }
    const fired = alerts().filter(({ rule, state }) => rule === "platform_unhealthy" && state === "firing");
    assert.deepEqual(
      fired.map(({ notified }) => notified),
      [true, false],
    );
  });

  test("refuses an interval that is none", async () => {
    await assert.rejects(HealthMonitor.start({ intervalMs: 0 }), { name: "RangeError", message: /got 0/ });
  });
});
