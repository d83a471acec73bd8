import { once } from "node:events";
import type { ServerResponse } from "node:http";
import type { Clock } from "../../base/clock.ts";
import { systemClock } from "../../base/system_clock.ts";
import type { ClockLedger } from "../_clock_ledger.ts";
import { lendInSteps } from "../_lend_in_steps.ts";
import type { GenerationRequest } from "./_ollama_requests.ts";
import type { GenerationSummary, ReplyFormat, ToolCall } from "./_reply_format.ts";
import type { GenerationFault } from "./ollama_faults.ts";
import type { TokenDelays } from "./token_timing.ts";

// A reader in another turn of the event loop, or in another process, gets the first token within this time: what it
// measures as time to first token is then right on a virtual clock, too.
const FIRST_TOKEN_READ_MS = 2;

// How long a thought that nobody asked for may take to become a message.
const AFTERMATH_MS = 50;

// A model without delays still lets others have their turn.
const TOKENS_PER_TURN = 256;

/** What a generation needs to know. */
export interface Generation {
  readonly request: GenerationRequest;
  readonly format: ReplyFormat;
  readonly thinking: readonly string[];
  readonly tokens: readonly string[];
  readonly toolCalls: readonly ToolCall[];
  readonly isTruncated: boolean;
  readonly delays: TokenDelays;
  readonly promptTokens: number;
  readonly loadMs: number;
  readonly fault: GenerationFault | undefined;
}

/** How a generation ended. */
export interface GenerationOutcome {
  /** `aborted`: the reader hung up; `faulted`: a fault ended it before its last line. */
  readonly outcome: "done" | "aborted" | "faulted";
  readonly tokens: number;
  /** What was said before it was aborted or faulted; absent when it is complete. */
  readonly truncated?: string | undefined;
}

/** A generation that stands still for good. */
export interface StallListener {
  /** It stalled; the result is called when its reader is gone. */
  onStall(): () => void;
}

class FaultEnd extends Error {}

/** Writes one reply, token for token, in the time that a model takes for it. */
export class GenerationWriter {
  readonly #clock: Clock;
  readonly #ledger: ClockLedger;
  readonly #response: ServerResponse;
  readonly #listener: StallListener;
  readonly #closed = new AbortController();
  #said = "";
  #written = 0;

  constructor(clock: Clock, ledger: ClockLedger, response: ServerResponse, listener: StallListener) {
    this.#clock = clock;
    this.#ledger = ledger;
    this.#response = response;
    this.#listener = listener;
    response.once("close", () =>
      this.#closed.abort(new Error("Cannot go on with the reply: its reader is gone")),
    );
  }

  /** Resolves when the reply is written, its reader is gone, or a fault has ended it. */
  async write(generation: Generation): Promise<GenerationOutcome> {
    this.#ledger.progress();
    try {
      await this.#generate(generation);
      return { outcome: "done", tokens: this.#written };
    } catch (error) {
      const tokens = this.#written;
      const truncated = generation.request.stream ? this.#said : "";
      if (error instanceof FaultEnd) return { outcome: "faulted", tokens, truncated };
      if (!this.#closed.signal.aborted) throw error;
      return { outcome: "aborted", tokens, truncated };
    }
  }

  async #generate(generation: Generation): Promise<void> {
    const { request, fault, thinking, tokens, toolCalls, format } = generation;
    const startMs = this.#clock.now();
    if (fault?.kind === "no-headers") await this.#stall();
    if (fault?.kind === "error-body") return this.#errorBody(fault.error);
    if (generation.loadMs > 0) await this.#sleep(generation.loadMs);
    if (fault?.kind === "slow") await this.#sleep(fault.ms);
    const pieces = [
      ...thinking.map((text) => ({ kind: "thinking", text }) as const),
      ...tokens.map((text) => ({ kind: "content", text }) as const),
    ];
    const said =
      fault?.kind === "empty" ? [] : fault?.kind === "loop" ? repeat(pieces, fault.tokens) : pieces;
    let firstMs = startMs;
    for (const [index, { kind, text }] of said.entries()) {
      await this.#strike(generation, index, text);
      await this.#pace(generation.delays.delayMs(index), index);
      if (index === 0) firstMs = this.#clock.now();
      if (kind === "content") this.#said += text;
      if (request.stream) await this.#token(generation, kind, text);
      this.#written++;
      if (index === 0 && request.stream) await this.#letRead();
    }
    await this.#strike(generation, Infinity, "");
    if (toolCalls.length > 0 && request.stream)
      await this.#send(generation, format.toolCalls(toolCalls, this.#now(generation)));
    await this.#finish(generation, startMs, firstMs);
  }

  // Before the token at `index`, or at the end of a reply that is shorter than the fault wants.
  async #strike({ request, fault, format }: Generation, index: number, text: string): Promise<void> {
    if (!fault || !("afterTokens" in fault)) return;
    if (fault.afterTokens !== index && !(index === Infinity && fault.afterTokens >= this.#written)) return;
    if (fault.kind === "stall") await this.#stall();
    if (fault.kind === "reset") {
      await systemClock.sleep(FIRST_TOKEN_READ_MS); // a reset takes with it what was not yet read
      this.#response.socket?.resetAndDestroy();
      throw new FaultEnd();
    }
    this.#head(request, format);
    if (fault.kind === "malformed") this.#response.write('{"model": "broken\n');
    if (fault.kind === "error-line") {
      this.#response.end(format.error(fault.error ?? "an error was encountered while running the model"));
      throw new FaultEnd();
    }
    if (fault.kind !== "cut") return;
    const [before] = format.token("content", this.#now({ fault }));
    this.#response.end(fault.midLine ? `${before}${JSON.stringify(text).slice(0, 2)}` : "");
    throw new FaultEnd();
  }

  async #token(generation: Generation, kind: "content" | "thinking", text: string): Promise<void> {
    const [before, after] = generation.format.token(kind, this.#now(generation));
    const line = `${before}${JSON.stringify(text)}${after}`;
    await this.#send(generation, generation.fault?.kind === "duplicate-lines" ? line + line : line);
  }

  async #send(
    { request, format, fault }: Pick<Generation, "request" | "format" | "fault">,
    text: string,
  ): Promise<void> {
    const response = this.#response;
    this.#head(request, format);
    if (fault?.kind === "drip") return await this.#drip(text, fault.bytesPerSecond);
    if (!response.write(text)) await once(response, "drain", { signal: this.#closed.signal });
  }

  async #drip(text: string, bytesPerSecond: number): Promise<void> {
    for (const byte of Buffer.from(text)) {
      await this.#sleep(1000 / bytesPerSecond);
      this.#response.write(Buffer.of(byte));
    }
  }

  #head({ stream }: GenerationRequest, format: ReplyFormat): void {
    if (this.#response.headersSent) return;
    const type = stream ? format.streamType : "application/json; charset=utf-8";
    this.#response.writeHead(200, { "content-type": type });
  }

  #errorBody(error = "llama runner process has terminated: exit status 2"): never {
    this.#response
      .writeHead(200, { "content-type": "application/json; charset=utf-8" })
      .end(JSON.stringify({ error }));
    throw new FaultEnd();
  }

  async #finish(generation: Generation, startMs: number, firstMs: number): Promise<void> {
    const { request, format, tokens, thinking, toolCalls, fault } = generation;
    const endMs = this.#clock.now();
    const isUnload = request.keepAliveMs === 0;
    const summary: GenerationSummary = {
      reason: request.loadOnly ? (isUnload ? "unload" : "load") : generation.isTruncated ? "length" : "stop",
      promptTokens: generation.promptTokens,
      tokens: this.#written,
      loadMs: generation.loadMs,
      promptMs: firstMs - startMs - generation.loadMs,
      evalMs: endMs - firstMs,
      totalMs: endMs - startMs,
    };
    const wasAsked = this.#ledger.isHolding;
    if (request.stream) {
      await this.#send(
        { request, format, fault },
        format.end(summary, this.#now(generation), toolCalls.length > 0),
      );
      this.#response.end();
    } else {
      const content = fault?.kind === "empty" ? "" : tokens.join("");
      const body = format.whole(
        { content, thinking: thinking.join(""), toolCalls },
        summary,
        this.#now(generation),
      );
      await this.#send({ request, format, fault }, JSON.stringify(body));
      this.#response.end();
    }
    this.#ledger.progress();
    if (!wasAsked) this.#ledger.hold("what follows from a reply of Ollama", AFTERMATH_MS);
  }

  #now({ fault }: Pick<Generation, "fault">): string {
    return toIso(this.#clock.now() + (fault?.kind === "clock-skew" ? fault.ms : 0));
  }

  async #pace(delayMs: number, index: number): Promise<void> {
    if (delayMs > 0) return await this.#sleep(delayMs);
    this.#closed.signal.throwIfAborted();
    if (index % TOKENS_PER_TURN === TOKENS_PER_TURN - 1)
      await new Promise((resolve) => setImmediate(resolve));
  }

  async #sleep(delayMs: number): Promise<void> {
    this.#closed.signal.throwIfAborted();
    if (delayMs <= 0) return;
    await this.#ledger.waiting(this.#clock.sleep(delayMs, { signal: this.#closed.signal, keepAlive: false }));
  }

  async #letRead(): Promise<void> {
    if (this.#clock === systemClock) return;
    await this.#clock.track(
      systemClock.sleep(FIRST_TOKEN_READ_MS, { keepAlive: false }),
      "first token of Ollama",
    );
  }

  async #stall(): Promise<never> {
    const { signal } = this.#closed;
    const { promise, reject } = Promise.withResolvers<never>();
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    const over = this.#listener.onStall();
    // in steps, so that a client which gives up in real time does not find the clock far ahead
    lendInSteps(this.#clock, this.#ledger, promise).catch(() => undefined);
    try {
      return await promise;
    } finally {
      over();
    }
  }
}

function repeat<T>(pieces: readonly T[], count: number): readonly T[] {
  if (pieces.length === 0) return pieces;
  const loop = pieces.slice(-3);
  const more = Array.from(
    { length: Math.max(0, count - pieces.length) },
    (_, index) => loop[index % loop.length]!,
  );
  return [...pieces, ...more];
}

let last = { ms: Number.NaN, iso: "" };

// Formatting a time costs more than the rest of a token's line, and a fast model has many within a millisecond.
function toIso(ms: number): string {
  if (ms !== last.ms) last = { ms, iso: new Date(ms).toISOString() };
  return last.iso;
}
