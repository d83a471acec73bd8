import { Hono } from "hono";
import type { Clock } from "../../lib/base/clock.ts";
import type { PlatformHealth } from "../../lib/base/platform_health.ts";
import type { EmotionalState } from "../../lib/emotion/emotional_state.ts";
import type { Storage } from "./storage.ts";
import type { Vitals } from "./vitals.ts";

const SHOWN_RAMBLES = 20;

/** What the routes show. */
export interface StatusSources {
  readonly clock: Clock;
  readonly storage: Storage;
  readonly vitals: Vitals;
  emotions(): EmotionalState;
  platforms(): readonly PlatformHealth[];
  /** What is wrong with Demi herself, in one sentence. */
  fault(): string | undefined;
}

/** Routes below `/api` that say how Demi is. */
export function statusRoutes(sources: StatusSources): Hono {
  const { clock, storage, vitals } = sources;
  const startedAt = clock.now();
  const app = new Hono();
  app.get("/health", async (c) => {
    const timestamp = toIso(clock.now());
    return c.json({ ...toHealth(sources), timestamp, metrics: await vitals.read() });
  });
  app.get("/emotions", (c) => {
    const { lastUpdated, ...state } = sources.emotions();
    return c.json({ ...state, last_updated: toIso(lastUpdated) });
  });
  app.get("/platforms", (c) => {
    const platforms = sources.platforms().map((each) => [each.name, toPlatform(each, clock.now())] as const);
    return c.json({ platforms: Object.fromEntries(platforms), count: platforms.length });
  });
  app.get("/system/uptime", (c) => {
    return c.json({ started_at: toIso(startedAt), uptime_seconds: (clock.now() - startedAt) / 1000 });
  });
  app.get("/system/rambles", (c) => {
    const rambles = storage.rambles(SHOWN_RAMBLES);
    const shown = rambles.map(({ id, content, emotion, createdAt }) => {
      return { id, content, emotion, created_at: toIso(createdAt) };
    });
    return c.json({ rambles: shown, count: shown.length });
  });
  return app;
}

/** Each platform that does not work as it should, and each fault of Demi herself, is an alert. */
function toHealth(sources: StatusSources): object {
  const down = sources.platforms().filter(({ status }) => status !== "online" && status !== "disabled");
  const fault = sources.fault();
  const alerts = down.length + (fault === undefined ? 0 : 1);
  return {
    status: alerts === 0 ? "healthy" : "degraded",
    alerts_count: alerts,
    ...(fault && { error: fault }),
  };
}

function toPlatform(health: PlatformHealth, now: number): object {
  const { name: _, since, latencyMs, lastEventAt, error, ...rest } = health;
  return {
    ...rest,
    duration_ms: latencyMs ?? null,
    error: error ?? null,
    last_check: toIso(now),
    since: toIso(since),
    last_event_at: lastEventAt === undefined ? null : toIso(lastEventAt),
  };
}

function toIso(time: number): string {
  return new Date(time).toISOString();
}
