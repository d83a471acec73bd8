import type { IncomingMessage, ServerResponse } from "node:http";
import type { Clock } from "../../base/clock.ts";
import { SeededRandom } from "../../base/random.ts";
import { systemClock } from "../../base/system_clock.ts";
import { ClockLedger } from "../_clock_ledger.ts";
import { LoopbackServer } from "../_loopback_server.ts";
import { Outage, type OutageOptions } from "../_outage.ts";
import type { FaultLog } from "../faults/fault_log.ts";
import { readText } from "../_read_text.ts";
import { CallLog } from "../call_log.ts";
import { GenerationWriter } from "./_generation.ts";
import { OllamaModels } from "./_ollama_models.ts";
import {
  type GenerationRequest,
  OllamaError,
  parseBody,
  parseChat,
  parseGenerate,
  parseModel,
} from "./_ollama_requests.ts";
import { companionReply, type ReplyRequest } from "./companion_replies.ts";
import { checkTiming, type ResolvedTiming, tokenDelays, type TokenTiming, toTokens } from "./token_timing.ts";

const KEEP_ALIVE_MS = 300_000;
const MAX_BODY_BYTES = 64 * 1024 * 1024;
const VERSION = "0.13.2";

/** A scripted reply: to texts that `pattern` matches, the text or what the function makes of the request. */
export type OllamaReplyRule = readonly [
  pattern: RegExp | string,
  reply: string | ((request: ReplyRequest) => string),
];

/** Options of {@linkcode MockOllamaServer.listen}. */
export interface MockOllamaOptions extends TokenTiming {
  /** Port on 127.0.0.1; 0 takes a free one. @default {0} */
  port?: number | undefined;
  /** Time of tokens, loads and outages. @default {systemClock} */
  clock?: Clock | undefined;
  /** Source of jitter and replies. @default {new SeededRandom("ollama")} */
  random?: SeededRandom | undefined;
  /** Models that are there; the first is {@linkcode MockOllamaServer.model}. @default {["llama3.2:3b"]} */
  models?: readonly string[] | undefined;
  /** Tried in their order before a plausible reply is made up. @default {[]} */
  replies?: readonly OllamaReplyRule[] | undefined;
  /** Time to load a model that is not in memory. @default {0} */
  loadMs?: number | undefined;
  /** Where faults that strike are noted. @default a log of its own */
  faultLog?: FaultLog | undefined;
  /** Told when a scripted reply throws, or of a defect of the mock; the client gets a 500. @default {console.error} */
  onError?: ((error: unknown) => void) | undefined;
}

/** A request of the client. Never what people wrote. */
export interface OllamaCall {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly model?: string | undefined;
  /** How a generation ended: `aborted` means that the client hung up. */
  readonly outcome?: "done" | "aborted" | undefined;
  readonly messages?: number | undefined;
  readonly tokens?: number | undefined;
  readonly durationMs: number;
}

type CallDetails = Partial<Pick<OllamaCall, "model" | "outcome" | "messages" | "tokens">>;

/**
 * An Ollama server on loopback whose model answers as a companion would, in the time that a model takes.
 *
 * @example With the client of npm: `new Ollama({ host: ollama.url })`
 * ```ts
 * import assert from "node:assert/strict";
 * import { MockOllamaServer } from "demi-health/mocks";
 *
 * await using ollama = await MockOllamaServer.listen({ replies: [[/weather/, "It rains."]], firstTokenMs: 0 });
 * const response = await fetch(`${ollama.url}/api/generate`, {
 *   method: "POST",
 *   body: JSON.stringify({ model: ollama.model, prompt: "How is the weather?", stream: false }),
 * });
 * assert.equal(((await response.json()) as { response: string }).response, "It rains.");
 * ```
 *
 * @see https://docs.ollama.com/api
 */
export class MockOllamaServer implements AsyncDisposable {
  /** The last calls of clients, bounded; recorded when they end. */
  readonly calls: CallLog<OllamaCall>;
  /** Name of the first model. */
  readonly model: string;
  readonly #clock: Clock;
  readonly #random: SeededRandom;
  readonly #replies: readonly OllamaReplyRule[];
  readonly #timing: ResolvedTiming;
  readonly #loadMs: number;
  readonly #models: OllamaModels;
  readonly #ledger: ClockLedger;
  readonly #onError: (error: unknown) => void;
  readonly #outage: Outage;
  readonly #stalls: number[] = [];
  #generations = 0;
  #server: LoopbackServer | undefined;

  private constructor(options: MockOllamaOptions) {
    const { clock = systemClock, random = new SeededRandom("ollama"), models = ["llama3.2:3b"] } = options;
    const { replies = [], loadMs = 0, onError = console.error } = options;
    this.#timing = checkTiming(options);
    if (!(loadMs >= 0))
      throw new RangeError(`Cannot start mock Ollama server: 'loadMs' must be >= 0, got ${loadMs}`);
    if (models.length === 0) {
      throw new RangeError("Cannot start mock Ollama server: 'models' must have at least one name, got none");
    }
    this.#clock = clock;
    this.#random = random;
    this.#replies = replies;
    this.#loadMs = loadMs;
    this.#onError = onError;
    this.#models = new OllamaModels(models, KEEP_ALIVE_MS);
    this.#ledger = ClockLedger.of(clock);
    this.#outage = new Outage(clock);
    this.model = models[0]!;
    this.calls = new CallLog({ clock });
  }

  /**
   * A server that listens on 127.0.0.1.
   *
   * @throws {RangeError} If an option is out of its range.
   * @throws {Error} If the port is taken.
   */
  static async listen(options: MockOllamaOptions = {}): Promise<MockOllamaServer> {
    const { port = 0 } = options;
    const mock = new MockOllamaServer(options);
    mock.#server = await LoopbackServer.listen("mock Ollama server", {
      port,
      onRequest: (request, response) => {
        if (!mock.#outage.refuseRequest(response)) void mock.#answer(request, response);
      },
    });
    return mock;
  }

  /** Base address, what clients take as their host. */
  get url(): string {
    return `http://127.0.0.1:${this.#server!.port}`;
  }

  /** Whether an outage is on. */
  get isDown(): boolean {
    return this.#outage.isOn;
  }

  /** Number of requests that are being answered. */
  get activeGenerations(): number {
    return this.#generations;
  }

  /**
   * Ollama is gone: every connection is reset, and until `durationMs` have passed on the clock new ones fail as
   * `kind` says, by default with a reset. A further call replaces the outage that is on.
   *
   * @returns Resolves when the outage is over.
   * @throws {RangeError} If `durationMs` is not a number >= 0.
   */
  outage(durationMs: number, options: OutageOptions = {}): Promise<void> {
    const { kind = "reset" } = options;
    return this.#outage.begin(durationMs, this.#server!, { kind }, () => {});
  }

  /** Ends the outage that is on, if one is. */
  endOutage(): void {
    this.#outage.end();
  }

  /**
   * The next generation stops for good after some tokens, without an error and with the connection open: what Ollama
   * does in production after hours. Each call is for one more generation.
   */
  stallNext(options: { afterTokens?: number } = {}): void {
    const { afterTokens = 0 } = options;
    this.#stalls.push(afterTokens);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#outage.end();
    await this.#server?.[Symbol.asyncDispose]();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const startMs = this.#clock.now();
    const method = request.method ?? "GET";
    const path = (request.url ?? "/").split("?")[0]!;
    let details: CallDetails = {};
    try {
      details = await this.#route(`${method} ${path}`, request, response);
    } catch (error) {
      this.#fail(response, error);
    }
    const durationMs = this.#clock.now() - startMs;
    this.calls.record({ method, path, status: response.statusCode, durationMs, ...details });
  }

  #route(
    route: string,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<CallDetails> | CallDetails {
    switch (route) {
      case "GET /":
      case "HEAD /":
        response.writeHead(200, { "content-type": "text/plain; charset=utf-8" }).end("Ollama is running");
        return {};
      case "GET /api/version":
      case "HEAD /api/version":
        return sendJson(response, { version: VERSION });
      case "GET /api/tags":
      case "HEAD /api/tags":
        return sendJson(response, this.#models.tags());
      case "GET /api/ps":
        return sendJson(response, this.#models.running(this.#clock.now()));
      case "POST /api/show":
        return this.#show(request, response);
      case "POST /api/chat":
        return this.#generate(request, response, parseChat);
      case "POST /api/generate":
        return this.#generate(request, response, parseGenerate);
      default:
        response.writeHead(404, { "content-type": "text/plain" }).end("404 page not found");
        return {};
    }
  }

  async #show(request: IncomingMessage, response: ServerResponse): Promise<CallDetails> {
    const model = parseModel(parseBody(await this.#read(request)));
    this.#requireModel(model);
    return { ...sendJson(response, this.#models.show(model)), model };
  }

  async #generate(
    incoming: IncomingMessage,
    response: ServerResponse,
    parse: (body: Readonly<Record<string, unknown>>) => GenerationRequest,
  ): Promise<CallDetails> {
    const request = parse(parseBody(await this.#read(incoming)));
    const { model, messages } = request;
    this.#requireModel(model);
    const isCold = this.#models.load(model, this.#clock.now());
    if (request.unload) this.#models.unload(model);
    const tokens = request.loadOnly ? [] : toTokens(this.#reply(request)).slice(0, request.maxTokens);
    const text = messages.map(({ content }) => content).join("\n");
    this.#generations++;
    try {
      const written = await new GenerationWriter(this.#clock, this.#ledger, response).write({
        request,
        tokens,
        delays: tokenDelays(this.#timing, this.#random.stream(`timing ${text}`)),
        promptTokens: toTokens(text).length,
        loadMs: isCold ? this.#loadMs : 0,
        stallAt: request.loadOnly ? Infinity : (this.#stalls.shift() ?? Infinity),
      });
      return { model, messages: messages.length, ...written };
    } finally {
      this.#generations--;
    }
  }

  #reply({ model, messages }: GenerationRequest): string {
    const text = messages.findLast(({ role }) => role === "user")?.content ?? "";
    const system = messages.find(({ role }) => role === "system")?.content ?? "";
    const request: ReplyRequest = { model, text, system, turn: messages.length, messages };
    for (const [pattern, reply] of this.#replies) {
      const matches = typeof pattern === "string" ? text.includes(pattern) : text.search(pattern) >= 0;
      if (matches) return typeof reply === "string" ? reply : reply(request);
    }
    return companionReply(request, this.#random);
  }

  #requireModel(model: string): void {
    if (!this.#models.has(model)) throw new OllamaError(404, `model '${model}' not found`);
  }

  async #read(request: IncomingMessage): Promise<string> {
    const text = await readText(request, MAX_BODY_BYTES);
    if (text === undefined) throw new OllamaError(413, "http: request body too large");
    return text;
  }

  #fail(response: ServerResponse, error: unknown): void {
    if (response.destroyed) return; // its reader is gone, nobody to tell
    if (!(error instanceof OllamaError)) this.#onError(error); // a scripted reply that throws, or a defect of the mock
    const status = error instanceof OllamaError ? error.status : 500;
    const body = JSON.stringify({ error: error instanceof Error ? error.message : String(error) });
    if (response.headersSent) response.end(`${body}\n`);
    else response.writeHead(status, { "content-type": "application/json; charset=utf-8" }).end(body);
  }
}

function sendJson(response: ServerResponse, body: object): CallDetails {
  response.writeHead(200, { "content-type": "application/json; charset=utf-8" }).end(JSON.stringify(body));
  return {};
}
