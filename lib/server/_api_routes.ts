import type { Context, Hono } from "hono";
import { OPEN_METRICS_CONTENT_TYPE } from "../metrics/open_metrics_text.ts";
import { PROMETHEUS_CONTENT_TYPE } from "../metrics/prometheus_text.ts";
import { acceptsOpenMetrics } from "./_accepts_open_metrics.ts";
import type { DashboardApp } from "./_dashboard_app.ts";
import { refuse } from "./_guard.ts";
import { parseHistoryQuery } from "./_history_query.ts";

/** Adds what programs read: the metrics as Prometheus scrapes them, and the state as JSON. */
export function addApiRoutes(routes: Hono, app: DashboardApp): void {
  const { source } = app;
  routes.get("/metrics", (c) => answerMetrics(app, c));
  routes.get("/api/health", () => answer(readHealth(app)));
  routes.get("/api/emotions", () => answerEmotions(app));
  routes.get("/api/platforms", () => {
    const { platforms } = source.snapshot();
    return answer({ platforms, count: platforms.length });
  });
  routes.get("/api/alerts", () => {
    const { alerts } = source.snapshot();
    return answer({ alerts, count: alerts.length });
  });
  routes.get("/api/metrics/current", () => answer(source.snapshot().metrics));
  routes.get("/api/history", (c) => answerHistory(app, c));
}

function answer(body: unknown): Response {
  return Response.json(body, { headers: { "cache-control": "no-store" } });
}

function readHealth({ source }: DashboardApp): unknown {
  const { name, startedAt } = source.describe();
  const { time, status, alerts } = source.snapshot();
  const firing = alerts.filter(({ state }) => state === "firing" || state === "recovering");
  return {
    status,
    name,
    timestamp: time,
    uptime_seconds: Math.max(0, (time - startedAt) / 1000),
    alerts_count: firing.length,
  };
}

function answerEmotions({ source }: DashboardApp): Response {
  const { emotions } = source.snapshot();
  if (!emotions) return refuse(404, "this companion has told of no emotions yet");
  return answer({ ...emotions.values, momentum: emotions.momentum, lastUpdated: emotions.lastUpdated });
}

async function answerMetrics({ source }: DashboardApp, c: Context): Promise<Response> {
  if (!source.exposition) return refuse(404, "this companion has no metrics in the Prometheus format");
  const isOpen = source.openMetrics !== undefined && acceptsOpenMetrics(c.req.header("accept"));
  const text = await (isOpen ? source.openMetrics!() : source.exposition());
  const type = isOpen ? OPEN_METRICS_CONTENT_TYPE : PROMETHEUS_CONTENT_TYPE;
  return new Response(text, {
    headers: { "content-type": type, "cache-control": "no-store", vary: "accept" },
  });
}

async function answerHistory({ source }: DashboardApp, c: Context): Promise<Response> {
  if (!source.history) return refuse(404, "this companion keeps no history");
  let query;
  try {
    query = parseHistoryQuery(new URL(c.req.url).searchParams);
  } catch (error) {
    return refuse(400, (error as RangeError).message);
  }
  return answer(await source.history(query));
}
