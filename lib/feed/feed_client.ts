// This module is browser-safe.
import { Backoff } from "../base/backoff.ts";
import type { Clock, ClockTimer } from "../base/clock.ts";
import { systemClock } from "../base/system_clock.ts";
import { requestAction, requestHistory } from "./_feed_requests.ts";
import { applyMessage, EMPTY_MODEL, type FeedModel } from "./feed_model.ts";
import type { HistoryQuery, HistoryResult } from "./health_source.ts";
import { parseEventStream } from "./parse_event_stream.ts";
import { parseMessage } from "./parse_message.ts";

export { FeedRequestError } from "./_feed_requests.ts";
export type { FeedModel } from "./feed_model.ts";

/**
 * `live`: what was told last holds now. `stale`: connected, but nothing comes. `disconnected`: the connection is lost
 * and tried again. `unauthorized`: the host wants another token.
 */
export type FeedConnectionState = "connecting" | "live" | "stale" | "disconnected" | "unauthorized";

/** Options of {@linkcode FeedClient}. */
export interface FeedClientOptions {
  /** @default {systemClock} */
  clock?: Clock | undefined;
  /** @default {fetch} */
  fetch?: typeof fetch | undefined;
  /** Bearer token. */
  token?: string | undefined;
}

const MIN_STALE_MS = 3000;
const DEFAULT_INTERVAL_MS = 5000; // until `hello` says how often something comes
const RELEASE_DELAY_MS = 100;
const REFUSED_PAUSE_MS = 60_000;
const HIDDEN_MS = 20_000;
const UNTIL_SEEN_MS = 24 * 3_600_000;

const sharedClients = new Map<string, FeedClient>();

/**
 * One connection to a feed, shared by all who draw it: reads, keeps the state of things as a {@linkcode FeedModel},
 * notices silence, connects again from where it was. It reads while somebody holds it, see
 * {@linkcode FeedClient.acquire}.
 */
export class FeedClient {
  readonly url: string;
  readonly #clock: Clock;
  readonly #fetch: typeof fetch;
  readonly #backoff = new Backoff({ initialMs: 250, maxMs: 10_000 });
  readonly #listeners = new Set<() => void>();
  #token: string | undefined;
  #model: FeedModel = EMPTY_MODEL;
  #state: FeedConnectionState = "connecting";
  #since: number;
  #lastEventId = "";
  #ignored = 0;
  #holders = 0;
  #running: AbortController | undefined;
  #ended: Promise<void> = Promise.resolve();
  #retryNow: (() => void) | undefined;
  #silence: ClockTimer | undefined;

  /** @param url Absolute, or relative to the page. */
  constructor(url: string, options: FeedClientOptions = {}) {
    const { clock = systemClock, fetch: request = (...args) => fetch(...args), token } = options;
    this.url = toAbsolute(url);
    this.#clock = clock;
    this.#fetch = request;
    this.#token = token;
    this.#since = clock.now();
  }

  /** The one client of this page for the feed at `url`. */
  static shared(url: string): FeedClient {
    const absolute = toAbsolute(url);
    const client = sharedClients.get(absolute) ?? new FeedClient(absolute);
    sharedClients.set(absolute, client);
    return client;
  }

  get model(): FeedModel {
    return this.#model;
  }

  get state(): FeedConnectionState {
    return this.#state;
  }

  /** Since when the connection has been in its state, reader's clock, epoch ms. */
  get since(): number {
    return this.#since;
  }

  /** Number of messages that were not understood. */
  get ignored(): number {
    return this.#ignored;
  }

  /** Bearer token. A new one is tried at once when the host had refused the one before. */
  get token(): string | undefined {
    return this.#token;
  }

  set token(token: string | undefined) {
    if (token === this.#token) return;
    this.#token = token;
    if (this.#state === "unauthorized") this.#retryNow?.();
  }

  /** Calls `listener` after every change of the model or of the state; returns the function that ends it. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Connects, unless connected already; the function that comes back lets go. The last one to let go disconnects. */
  acquire(): () => void {
    this.#holders++;
    if (!this.#running) {
      const { signal } = (this.#running = new AbortController());
      this.#setState("connecting");
      this.#ended = this.#ended.then(() => this.#run(signal)); // what the run before cleans up would be this one's
    }
    let released = false;
    return () => {
      if (released) return;
      released = true;
      this.#holders--;
      // an element that moves in its document lets go and takes hold again at once
      this.#clock.setTimer(() => this.#stopIfUnheld(), RELEASE_DELAY_MS, { keepAlive: false });
    };
  }

  /**
   * Points of one series from the host's history.
   *
   * @throws {FeedRequestError} If the host has none, or refuses.
   */
  fetchHistory(query: HistoryQuery): Promise<HistoryResult> {
    return requestHistory(this.#requests(), this.#model.hello?.links?.history, query);
  }

  /**
   * Asks the host for one of the actions that it offers.
   *
   * @throws {FeedRequestError} If the host refuses, or the action failed.
   */
  runAction(id: string): Promise<void> {
    return requestAction(this.#requests(), this.#model.hello?.links?.actions, id);
  }

  #requests() {
    return { feedUrl: this.url, token: this.#token, fetch: this.#fetch, clock: this.#clock };
  }

  #stopIfUnheld(): void {
    if (this.#holders > 0) return;
    this.#running?.abort();
    this.#running = undefined;
    this.#setState("disconnected");
  }

  async #run(signal: AbortSignal): Promise<void> {
    const wake = (): void => {
      if (!isHidden()) this.#retryNow?.();
    };
    globalThis.addEventListener?.("online", wake, { signal });
    globalThis.document?.addEventListener("visibilitychange", wake, { signal });
    while (!signal.aborted) {
      const token = this.#token;
      const refused = await this.#readOnce(signal);
      if (signal.aborted) break;
      if (refused && token !== this.#token) continue; // a new one came while the old one was being refused
      this.#setState(refused ? "unauthorized" : "disconnected");
      const pauseMs = refused ? REFUSED_PAUSE_MS : this.#backoff.next();
      await this.#pause(isHidden() ? UNTIL_SEEN_MS : pauseMs, signal);
    }
  }

  /** Reads until the connection ends; whether it was refused for lack of the right token. */
  async #readOnce(signal: AbortSignal): Promise<boolean> {
    const connection = new AbortController();
    const end = (): void => connection.abort();
    signal.addEventListener("abort", end, { once: true });
    this.#watchVisibility(end, connection.signal);
    try {
      this.#watchSilence(end);
      const response = await this.#fetch(this.url, {
        headers: this.#headers(),
        cache: "no-store",
        signal: connection.signal,
      });
      if (response.status === 401 || response.status === 403) return true;
      if (!response.ok || !response.body) return false;
      for await (const { event, data, id } of parseEventStream(response.body)) {
        if (id) this.#lastEventId = id;
        if (this.#take(event, data)) this.#watchSilence(end);
      }
    } catch {
      // what broke the connection does not matter to the reader: it is lost, and tried again
    } finally {
      this.#silence?.cancel();
      signal.removeEventListener("abort", end);
      connection.abort();
    }
    return false;
  }

  #headers(): Record<string, string> {
    return {
      accept: "text/event-stream",
      ...(this.#lastEventId ? { "last-event-id": this.#lastEventId } : {}),
      ...(this.#token === undefined ? {} : { authorization: `Bearer ${this.#token}` }),
    };
  }

  #take(event: string, data: string): boolean {
    const message = parseMessage(event, data);
    if (!message) {
      this.#ignored++;
      return false;
    }
    this.#backoff.reset();
    this.#model = applyMessage(this.#model, message, this.#clock.now());
    // the greeting alone says nothing of the companion yet, but after it comes either a snapshot or what was missed
    this.#setState("live", true);
    return true;
  }

  // Silence is first said; then the connection, which may be half open, is made anew.
  #watchSilence(end: () => void): void {
    this.#silence?.cancel();
    const interval = this.#model.hello?.intervalMs ?? DEFAULT_INTERVAL_MS;
    const staleMs = Math.max(MIN_STALE_MS, 3 * interval);
    this.#silence = this.#clock.setTimer(
      () => {
        if (this.#state === "live") this.#setState("stale");
        this.#silence = this.#clock.setTimer(end, 2 * staleMs, { keepAlive: false });
      },
      staleMs,
      { keepAlive: false },
    );
  }

  // A browser allows six connections to a host: a page that nobody looks at must not hold one. It takes up where it
  // was when it is seen again.
  #watchVisibility(end: () => void, signal: AbortSignal): void {
    let hidden: ClockTimer | undefined;
    const look = (): void => {
      hidden?.cancel();
      hidden = isHidden() ? this.#clock.setTimer(end, HIDDEN_MS, { keepAlive: false }) : undefined;
    };
    look();
    globalThis.document?.addEventListener("visibilitychange", look, { signal });
    signal.addEventListener("abort", () => hidden?.cancel(), { once: true });
  }

  async #pause(delayMs: number, signal: AbortSignal): Promise<void> {
    const waiting = new AbortController();
    this.#retryNow = () => waiting.abort();
    try {
      await this.#clock.sleep(delayMs, {
        signal: AbortSignal.any([signal, waiting.signal]),
        keepAlive: false,
      });
    } catch {
      // woken early, or at the end
    } finally {
      this.#retryNow = undefined;
    }
  }

  #setState(state: FeedConnectionState, changed = false): void {
    if (state !== this.#state) {
      this.#state = state;
      this.#since = this.#clock.now();
    } else if (!changed) return;
    for (const listener of this.#listeners) callSafely(listener);
  }
}

// An element that cannot draw must not cost the others their connection.
function callSafely(listener: () => void): void {
  try {
    listener();
  } catch (error) {
    if (typeof reportError === "function") reportError(error);
    else console.error(error); // Node has no reportError
  }
}

function isHidden(): boolean {
  return globalThis.document?.visibilityState === "hidden";
}

function toAbsolute(url: string): string {
  return new URL(url, globalThis.document?.baseURI).href;
}
