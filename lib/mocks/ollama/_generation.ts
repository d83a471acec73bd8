import type { ServerResponse } from "node:http";
import { once } from "node:events";
import type { Clock } from "../../base/clock.ts";
import { systemClock } from "../../base/system_clock.ts";
import type { ClockLedger } from "../_clock_ledger.ts";
import type { GenerationRequest } from "./_ollama_requests.ts";
import type { TokenDelays } from "./token_timing.ts";

// A reader in another turn of the event loop, or in another process, gets the first token within this time: what it
// measures as time to first token is then right on a virtual clock, too.
const FIRST_TOKEN_READ_MS = 2;

// How long a thought that nobody asked for may take to become a message.
const AFTERMATH_MS = 50;

/** What a generation needs to know. */
export interface Generation {
  readonly request: GenerationRequest;
  readonly tokens: readonly string[];
  readonly delays: TokenDelays;
  readonly promptTokens: number;
  readonly loadMs: number;
  /** Stops for good after so many tokens, or at the end of a shorter reply; `Infinity` for never. */
  readonly stallAt: number;
}

/** How a generation ended. */
export interface GenerationOutcome {
  readonly outcome: "done" | "aborted";
  readonly tokens: number;
}

/** Writes one reply, token for token, in the time that a model takes for it. */
export class GenerationWriter {
  readonly #clock: Clock;
  readonly #ledger: ClockLedger;
  readonly #response: ServerResponse;
  readonly #closed = new AbortController();

  constructor(clock: Clock, ledger: ClockLedger, response: ServerResponse) {
    this.#clock = clock;
    this.#ledger = ledger;
    this.#response = response;
    response.once("close", () =>
      this.#closed.abort(new Error("Cannot go on with the reply: its reader is gone")),
    );
  }

  /** Resolves when the reply is written or its reader is gone. */
  async write(generation: Generation): Promise<GenerationOutcome> {
    const { request, tokens } = generation;
    const stallAt = Number.isFinite(generation.stallAt)
      ? Math.min(generation.stallAt, tokens.length)
      : Infinity;
    const startMs = this.#clock.now();
    let firstMs = startMs;
    let written = 0;
    this.#ledger.progress();
    try {
      if (generation.loadMs > 0) await this.#sleep(generation.loadMs);
      for (const [index, token] of tokens.entries()) {
        if (index === stallAt) await this.#ledger.waiting(this.#readerGone());
        await this.#sleep(generation.delays.delayMs(index));
        if (index === 0) firstMs = this.#clock.now();
        if (request.stream)
          await this.#line({ ...this.#head(request), ...content(request, token), done: false });
        written++;
        if (index === 0 && request.stream) await this.#letRead();
      }
      if (tokens.length === stallAt) await this.#ledger.waiting(this.#readerGone());
      this.#finish(generation, startMs, firstMs);
      return { outcome: "done", tokens: written };
    } catch (error) {
      if (!this.#closed.signal.aborted) throw error;
      return { outcome: "aborted", tokens: written };
    }
  }

  #finish(generation: Generation, startMs: number, firstMs: number): void {
    const { request, tokens } = generation;
    const text = request.stream ? "" : tokens.join("");
    const last = {
      ...this.#head(request),
      ...content(request, text),
      ...this.#summary(generation, startMs, firstMs),
    };
    const wasAsked = this.#ledger.isHolding;
    if (request.stream) this.#response.end(`${JSON.stringify(last)}\n`);
    else
      this.#response
        .writeHead(200, { "content-type": "application/json; charset=utf-8" })
        .end(JSON.stringify(last));
    this.#ledger.progress();
    if (!wasAsked) this.#ledger.hold("what follows from a reply of Ollama", AFTERMATH_MS);
  }

  #summary(generation: Generation, startMs: number, firstMs: number): object {
    const { request, tokens, promptTokens, loadMs } = generation;
    const endMs = this.#clock.now();
    const reason = request.loadOnly ? (request.unload ? "unload" : "load") : "stop";
    if (request.loadOnly) return { done: true, done_reason: reason };
    return {
      done: true,
      done_reason: tokens.length >= request.maxTokens ? "length" : reason,
      ...(request.api === "generate" && { context: tokens.map((_, index) => 1000 + index) }),
      total_duration: toNanoseconds(endMs - startMs),
      load_duration: toNanoseconds(loadMs),
      prompt_eval_count: promptTokens,
      prompt_eval_duration: toNanoseconds(firstMs - startMs - loadMs),
      eval_count: tokens.length,
      eval_duration: toNanoseconds(endMs - firstMs),
    };
  }

  #head({ model }: GenerationRequest): { model: string; created_at: string } {
    return { model, created_at: new Date(this.#clock.now()).toISOString() };
  }

  async #line(line: object): Promise<void> {
    const response = this.#response;
    if (!response.headersSent) response.writeHead(200, { "content-type": "application/x-ndjson" });
    if (!response.write(`${JSON.stringify(line)}\n`))
      await once(response, "drain", { signal: this.#closed.signal });
  }

  async #sleep(delayMs: number): Promise<void> {
    this.#closed.signal.throwIfAborted();
    if (delayMs === 0) return;
    await this.#ledger.waiting(this.#clock.sleep(delayMs, { signal: this.#closed.signal, keepAlive: false }));
  }

  async #letRead(): Promise<void> {
    if (this.#clock === systemClock) return;
    await this.#clock.track(
      systemClock.sleep(FIRST_TOKEN_READ_MS, { keepAlive: false }),
      "first token of Ollama",
    );
  }

  #readerGone(): Promise<never> {
    const { signal } = this.#closed;
    const { promise, reject } = Promise.withResolvers<never>();
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    return promise;
  }
}

function content({ api }: GenerationRequest, text: string): object {
  return api === "chat" ? { message: { role: "assistant", content: text } } : { response: text };
}

function toNanoseconds(ms: number): number {
  return Math.max(1, Math.round(ms * 1e6)); // zero metrics would be left out, and clients divide by them
}
