import type { HealthSource } from "../../lib/feed/health_source.ts";
import type { FeedAlert, FeedMessage, FeedSnapshot } from "../../lib/feed/messages.ts";

/** An alert that fires. */
export function makeAlert(id: string, state: FeedAlert["state"] = "firing"): FeedAlert {
  return { id, rule: "test", level: "warning", state, labels: {}, message: `alert ${id}`, activeAt: 1 };
}

/** A source whose state is what it told last. */
export class FakeSource implements HealthSource {
  readonly listeners: Set<(message: FeedMessage) => void> = new Set();
  startedAt: number = 1_700_000_000_000;
  intervalMs: number = 1000;
  #state: FeedSnapshot = {
    time: 0,
    status: "ok",
    metrics: { time: 0, values: {} },
    platforms: [],
    alerts: [],
  };

  describe(): ReturnType<HealthSource["describe"]> {
    return { name: "Fake", startedAt: this.startedAt, intervalMs: this.intervalMs };
  }

  snapshot(): FeedSnapshot {
    return this.#state;
  }

  subscribe(listener: (message: FeedMessage) => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  tell(message: FeedMessage): void {
    if (message.type === "metrics") this.#state = { ...this.#state, metrics: message.data };
    if (message.type === "alert")
      this.#state = { ...this.#state, alerts: [...this.#state.alerts, message.data] };
    if (message.type === "memory") this.#state = { ...this.#state, memory: message.data };
    for (const listener of this.listeners) listener(message);
  }

  tellValue(time: number, values?: Readonly<Record<string, number>>): void {
    this.tell({ type: "metrics", data: { time, values: values ?? { n: time } } });
  }
}
