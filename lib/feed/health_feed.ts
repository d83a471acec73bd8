import type { Clock, ClockTimer } from "../base/clock.ts";
import { RingBuffer } from "../base/ring_buffer.ts";
import { systemClock } from "../base/system_clock.ts";
import { FeedConnection } from "./_feed_connection.ts";
import { encodeComment, encodeEvent } from "./encode_event.ts";
import type { HealthSource } from "./health_source.ts";
import { FEED_VERSION, type FeedAction, type FeedHello, type FeedMessage } from "./messages.ts";

const encoder = new TextEncoder();
const RETRY_MS = 1000;
const RETRY_AFTER_SECONDS = "5";

/** Options of {@linkcode HealthFeed}. */
export interface HealthFeedOptions {
  /** @default {systemClock} */
  clock?: Clock | undefined;
  /** A comment is sent this often to keep idle connections alive, in milliseconds. @default {15_000} */
  heartbeatMs?: number | undefined;
  /** How many messages are kept for readers that come back. @default {512} */
  historyLength?: number | undefined;
  /** Further readers are refused with 503. @default {100} */
  maxConnections?: number | undefined;
  /** Addresses that readers are told, relative to the feed's own. */
  links?: FeedHello["links"];
  /** What readers are told that they may ask for. */
  actions?: readonly FeedAction[] | undefined;
  /**
   * Told when the source gives what cannot be sent. The source itself hears nothing of it.
   *
   * @default {console.error}
   */
  onError?: ((error: unknown) => void) | undefined;
}

interface KeptMessage {
  readonly sequence: number;
  readonly chunk: Uint8Array;
}

/**
 * Serves a {@linkcode HealthSource} as server-sent events. One subscription and one serialisation serve all readers. A
 * reader that names its `Last-Event-ID` gets exactly what it missed, as long as that is kept, otherwise a snapshot;
 * one that does not keep up gets a snapshot, too, and never makes the host grow.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { HealthFeed, HealthMonitor } from "demi-health";
 *
 * await using monitor = await HealthMonitor.start();
 * await using feed = new HealthFeed(monitor);
 * const response = feed.handle(new Request("http://127.0.0.1/feed"));
 * assert.match(response.headers.get("content-type")!, /text\/event-stream/);
 * ```
 */
export class HealthFeed implements AsyncDisposable {
  readonly #source: HealthSource;
  readonly #options: HealthFeedOptions;
  readonly #clock: Clock;
  readonly #maxConnections: number;
  readonly #onError: (error: unknown) => void;
  readonly #history: RingBuffer<KeptMessage>;
  readonly #epoch: string;
  readonly #connections = new Set<FeedConnection>();
  readonly #unsubscribe: () => void;
  readonly #heartbeat: ClockTimer;
  #sequence = 0;
  #disposed = false;

  /** @throws {RangeError} If an option is out of its range. */
  constructor(source: HealthSource, options: HealthFeedOptions = {}) {
    const { clock = systemClock, heartbeatMs = 15_000, historyLength = 512, maxConnections = 100 } = options;
    const { onError = (error: unknown) => console.error(error) } = options;
    if (!(maxConnections >= 1)) {
      throw new RangeError(`Cannot make feed: 'maxConnections' must be >= 1, got ${maxConnections}`);
    }
    this.#source = source;
    this.#options = options;
    this.#clock = clock;
    this.#maxConnections = maxConnections;
    this.#onError = onError;
    this.#history = new RingBuffer(historyLength);
    // an id of another run means nothing here, also when it is the same companion
    this.#epoch = `${source.describe().startedAt.toString(36)}.${crypto.randomUUID().slice(0, 8)}`;
    this.#heartbeat = clock.setRepeating(() => this.#beat(), heartbeatMs, { keepAlive: false });
    this.#unsubscribe = source.subscribe((message) => this.#publish(message));
  }

  /** Number of readers that are connected. */
  get connections(): number {
    return this.#connections.size;
  }

  /** Answers a request for the feed: the stream, or 405, or 503 when there are too many readers. */
  handle(request: Request): Response {
    if (request.method !== "GET") {
      return new Response("Only GET is answered here\n", { status: 405, headers: { allow: "GET" } });
    }
    if (this.#disposed || this.#connections.size >= this.#maxConnections) {
      const headers = { "retry-after": RETRY_AFTER_SECONDS };
      return new Response("Too many readers, or ending\n", { status: 503, headers });
    }
    const lastId =
      request.headers.get("last-event-id") ?? new URL(request.url).searchParams.get("lastEventId") ?? "";
    const connection = new FeedConnection(
      [this.#encodeHello(), ...(this.#missedSince(lastId) ?? [this.#encodeSnapshot()])],
      () => this.#attempt(() => this.#encodeSnapshot()),
      (ended) => this.#connections.delete(ended),
    );
    this.#connections.add(connection);
    if (request.signal.aborted) connection.close();
    else request.signal.addEventListener("abort", () => connection.close(), { once: true });
    return new Response(connection.stream, {
      headers: {
        "content-type": "text/event-stream; charset=utf-8",
        "cache-control": "no-cache, no-transform",
        "x-accel-buffering": "no",
      },
    });
  }

  /** Ends all connections. Idempotent. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    this.#unsubscribe();
    this.#heartbeat.cancel();
    for (const connection of this.#connections) connection.close();
  }

  #publish(message: FeedMessage): void {
    const sequence = this.#sequence + 1;
    const chunk = this.#attempt(() => this.#encode(message, sequence));
    if (!chunk) return;
    this.#sequence = sequence;
    this.#history.push({ sequence, chunk });
    for (const connection of this.#connections) connection.send(chunk);
  }

  #attempt(make: () => Uint8Array): Uint8Array | undefined {
    try {
      return make();
    } catch (error) {
      this.#onError(error);
      return undefined;
    }
  }

  #beat(): void {
    const comment = encoder.encode(encodeComment("alive"));
    for (const connection of this.#connections) connection.sendWhenIdle(comment);
  }

  #encode({ type, data }: FeedMessage, sequence: number): Uint8Array {
    const id = `${this.#epoch}-${sequence}`;
    return encoder.encode(encodeEvent({ event: type, id, data: JSON.stringify(data) }));
  }

  // Without an id: it must not move the reader's place in the stream.
  #encodeHello(): Uint8Array {
    const { links, actions } = this.#options;
    const hello: FeedHello = {
      version: FEED_VERSION,
      ...this.#source.describe(),
      time: this.#clock.now(),
      links,
      actions,
    };
    return encoder.encode(encodeEvent({ event: "hello", data: JSON.stringify(hello), retryMs: RETRY_MS }));
  }

  #encodeSnapshot(): Uint8Array {
    return this.#encode({ type: "snapshot", data: this.#source.snapshot() }, this.#sequence);
  }

  /** What came after the message with this id; `undefined` when that is not known any more. */
  #missedSince(id: string): Uint8Array[] | undefined {
    const [epoch, number = ""] = id.split("-");
    if (epoch !== this.#epoch || !/^\d{1,15}$/.test(number)) return undefined;
    const seen = Number(number);
    const oldest = this.#history.at(0)?.sequence ?? this.#sequence + 1;
    if (seen > this.#sequence || seen < oldest - 1) return undefined;
    const missed: Uint8Array[] = [];
    for (let i = seen + 1 - oldest; i < this.#history.length; i++) missed.push(this.#history.at(i)!.chunk);
    return missed;
  }
}
