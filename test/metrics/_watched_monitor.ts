import { VirtualClock } from "demi-health/base";
import { mapEmotions } from "demi-health/emotion";
import { HealthMonitor } from "demi-health";

/** A monitor of a companion that did a little of everything, so that each metric has samples. */
export async function startWatchedMonitor(): Promise<HealthMonitor> {
  const clock = new VirtualClock();
  const monitor = await HealthMonitor.start({
    clock,
    onError: () => {}, // the one that is reported below
    emotions: () => ({
      ...mapEmotions(() => 0.5),
      momentum: mapEmotions(() => 0),
      lastUpdated: clock.now(),
    }),
    platforms: () => [
      {
        name: "discord",
        status: "online",
        since: clock.now(),
        latencyMs: 20,
        lastEventAt: clock.now(),
        messages: 3,
        errors: 1,
      },
    ],
  });
  const tokens = { inputTokens: 200, outputTokens: 40 };
  monitor.llmCall({ model: 'llama "3.2"\\q4', durationMs: 900, timeToFirstTokenMs: 120, ...tokens });
  monitor.llmCall({ model: "llama3.2", durationMs: 30_000, errorType: "timeout" });
  monitor.messageHandled({ platform: "discord", responseTimeMs: 950, ok: true });
  monitor.registry.reportError("test", new Error("expected by the test"));
  await monitor.look();
  return monitor;
}
