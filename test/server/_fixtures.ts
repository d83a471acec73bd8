import { once } from "node:events";
import { type IncomingHttpHeaders, request } from "node:http";
import { text } from "node:stream/consumers";
import type { HealthSource, HistoryQuery, HistoryResult } from "../../lib/feed/health_source.ts";
import type { FeedMessage, FeedSnapshot } from "../../lib/feed/messages.ts";
import { Dashboard, type DashboardOptions } from "../../lib/server/dashboard.ts";

export const NOW: number = 1_800_000_000_000;

/** A companion that stands still and counts who listens. */
export class StillSource implements HealthSource {
  readonly listeners: Set<(message: FeedMessage) => void> = new Set();
  readonly queries: HistoryQuery[] = [];
  name = "Still";
  emotions: FeedSnapshot["emotions"] = { time: NOW, values: { curiosity: 0.5 }, lastUpdated: NOW - 1000 };
  failure: Error | undefined;

  describe(): { name: string; startedAt: number; intervalMs: number } {
    return { name: this.name, startedAt: NOW - 90_500, intervalMs: 1000 };
  }

  snapshot(): FeedSnapshot {
    if (this.failure) throw this.failure;
    return {
      time: NOW,
      status: "warning",
      metrics: { time: NOW, values: { demi_up: 1 } },
      emotions: this.emotions,
      platforms: [{ name: "discord", status: "offline", since: NOW }],
      alerts: [
        { ...ALERT, id: "a", state: "firing" },
        { ...ALERT, id: "b", state: "resolved" },
      ],
    };
  }

  subscribe(listener: (message: FeedMessage) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  history(query: HistoryQuery): HistoryResult {
    this.queries.push(query);
    return { key: query.key, points: [[query.from, 1]] };
  }

  exposition(): string {
    return "# TYPE demi_up gauge\ndemi_up 1\n";
  }
}

const ALERT = { rule: "r", level: "warning", labels: {}, message: "m", activeAt: NOW } as const;

/** A dashboard of a still source that listens on a free port. Failures that a test does not expect end it. */
export async function startDashboard(
  options: DashboardOptions = {},
): Promise<Dashboard & { readonly source: StillSource }> {
  const source = new StillSource();
  const onError = (error: unknown): never => {
    throw error;
  };
  const dashboard = new Dashboard({ source, port: 0, onError, ...options });
  await dashboard.start();
  return Object.assign(dashboard, { source });
}

export interface RawResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A request with the path and the `Host` exactly as given, which `fetch` would not send. */
export async function sendRaw(
  url: string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<RawResponse> {
  const { hostname, port } = new URL(url);
  const sent = request({ hostname, port, path, headers, agent: false }).end();
  const [response] = await once(sent, "response");
  return { status: response.statusCode, headers: response.headers, body: await text(response) };
}

export async function errorOf(response: Response): Promise<string> {
  return ((await response.json()) as { error: string }).error;
}
