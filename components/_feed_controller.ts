// This module is browser-safe.
import type { ReactiveController, ReactiveControllerHost } from "lit";
import { type ClockTimer } from "../lib/base/clock.ts";
import { systemClock } from "../lib/base/system_clock.ts";
import { FeedClient, type FeedModel } from "../lib/feed/feed_client.ts";

/** An element that can show a feed: `src` is the feed's address, empty for an element that is fed by properties. */
export interface FeedHost extends ReactiveControllerHost {
  src: string;
  token: string | undefined;
}

const TICK_MS = 1000;
const tickers = new Set<() => void>();
let timer: ClockTimer | undefined;

// One timer for the ages on a page, whatever the number of elements; none while nobody looks.
function onTick(listener: () => void): () => void {
  tickers.add(listener);
  timer ??= systemClock.setRepeating(() => {
    if (document.visibilityState === "visible") for (const tick of tickers) tick();
  }, TICK_MS);
  return () => {
    tickers.delete(listener);
    if (tickers.size > 0) return;
    timer?.cancel();
    timer = undefined;
  };
}

/**
 * Connects an element to the feed that its `src` names, as long as it is in a document, and asks it to render when
 * something came or a second has passed. All elements of a page with the same `src` share one connection.
 */
export class FeedController implements ReactiveController {
  readonly #host: FeedHost;
  readonly #onFeed: (() => void) | undefined;
  #connected = false;
  #src = "";
  #client: FeedClient | undefined;
  #release: (() => void) | undefined;
  #stopTicking: (() => void) | undefined;

  /** @param onFeed Called after each change of the feed, before the element renders. */
  constructor(host: FeedHost, onFeed?: () => void) {
    this.#host = host;
    this.#onFeed = onFeed;
    host.addController(this);
  }

  /** The shared connection, `undefined` without `src` or outside of a document. */
  get client(): FeedClient | undefined {
    return this.#client;
  }

  /** What the feed has told so far. */
  get model(): FeedModel | undefined {
    return this.#client?.model;
  }

  /** Whether what the feed told last is what holds now. Without a feed there is nothing that could be old. */
  get isLive(): boolean {
    return this.#client === undefined || this.#client.state === "live";
  }

  /** The reader's clock, epoch ms. */
  get now(): number {
    return systemClock.now();
  }

  /** The host's clock, epoch ms, as well as it is known: the reader's may be wrong. */
  get hostNow(): number {
    return this.now + this.#offset;
  }

  /** Since when the connection has been in its state, reader's clock, epoch ms. */
  get since(): number {
    return this.#client?.since ?? this.now;
  }

  /** When the feed last told anything of value; reader's clock, epoch ms. */
  get lastReceivedAt(): number | undefined {
    return this.model?.metrics?.receivedAt;
  }

  /** A time of the host's clock by the reader's. */
  toLocalTime(hostTime: number): number {
    return hostTime - this.#offset;
  }

  get #offset(): number {
    const hello = this.model?.hello;
    return hello ? hello.time - hello.receivedAt : 0;
  }

  hostConnected(): void {
    this.#connected = true;
    this.#stopTicking = onTick(() => this.#host.requestUpdate());
    // not at once: what makes an element by script sets its token after it has put it into the page
    this.#host.requestUpdate();
  }

  /** Turns to the feed that the element names now; to be called before it takes anything from here. */
  follow(): void {
    if (!this.#connected) return;
    const { src, token } = this.#host;
    if (src !== this.#src) this.#attach(src, token);
    if (this.#client && token !== undefined) this.#client.token = token;
  }

  hostDisconnected(): void {
    this.#connected = false;
    this.#stopTicking?.();
    this.#stopTicking = undefined;
    this.#detach();
  }

  #attach(src: string, token: string | undefined): void {
    this.#detach();
    this.#src = src;
    if (!src) return;
    const client = FeedClient.shared(src);
    if (token !== undefined) client.token = token;
    const stopListening = client.subscribe(() => {
      this.#onFeed?.();
      this.#host.requestUpdate();
    });
    const release = client.acquire();
    this.#client = client;
    this.#release = () => {
      stopListening();
      release();
    };
  }

  #detach(): void {
    this.#release?.();
    this.#release = undefined;
    this.#client = undefined;
    this.#src = "";
  }
}
