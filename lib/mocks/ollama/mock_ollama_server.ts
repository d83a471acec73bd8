import type { IncomingMessage, ServerResponse } from "node:http";
import type { Clock } from "../../base/clock.ts";
import { SeededRandom } from "../../base/random.ts";
import { systemClock } from "../../base/system_clock.ts";
import { ClockLedger } from "../_clock_ledger.ts";
import { LoopbackServer } from "../_loopback_server.ts";
import { Outage, type OutageOptions } from "../_outage.ts";
import { readText } from "../_read_text.ts";
import { CallLog } from "../call_log.ts";
import { FaultInjector, type InjectedFault } from "../faults/fault_injector.ts";
import { FaultLog } from "../faults/fault_log.ts";
import type { FaultSchedule } from "../faults/fault_schedule.ts";
import { ViolationLog } from "../violations.ts";
import { OllamaConduct } from "./_conduct.ts";
import { type CallDetails, OllamaApi, sendJson } from "./_ollama_api.ts";
import type { OllamaModel } from "./_ollama_models.ts";
import { OllamaError } from "./_ollama_requests.ts";
import { Replay } from "./_replay.ts";
import { toOpenAiError } from "./_reply_format.ts";
import type { OllamaReplyRule } from "./model_reply.ts";
import { checkOllamaFault, type OllamaFault } from "./ollama_faults.ts";
import type { TokenTiming } from "./token_timing.ts";

const MAX_BODY_BYTES = 64 * 1024 * 1024;

/** Options of {@linkcode MockOllamaServer.listen}. */
export interface MockOllamaOptions extends TokenTiming {
  /** Port on 127.0.0.1; 0 takes a free one. @default {0} */
  port?: number | undefined;
  /** Time of tokens, loads and outages. @default {systemClock} */
  clock?: Clock | undefined;
  /** Source of jitter and replies. @default {new SeededRandom("ollama")} */
  random?: SeededRandom | undefined;
  /** Models that are there; the first is {@linkcode MockOllamaServer.model}. @default {["llama3.2:3b"]} */
  models?: readonly (string | OllamaModel)[] | undefined;
  /** Tried in their order before a plausible reply is made up. @default {[]} */
  replies?: readonly OllamaReplyRule[] | undefined;
  /** Time to load a model that is not in memory. @default {0} */
  loadMs?: number | undefined;
  /** How long a model stays in memory unused, unless a request says otherwise. @default {300_000} */
  keepAliveMs?: number | undefined;
  /** How many models fit into memory. @default {3} */
  maxLoadedModels?: number | undefined;
  /**
   * How many generations run at once; further ones wait. Ollama's own default is 1; here a companion is not blamed for
   * the size of a test machine.
   *
   * @default {Infinity}
   */
  parallel?: number | undefined;
  /** How many may wait before the next gets a 503. @default {512} */
  maxQueue?: number | undefined;
  /** How long a pull takes. @default {500} */
  pullMs?: number | undefined;
  /** How many requests of a client may be open at once before it is a violation. @default {128} */
  maxConcurrency?: number | undefined;
  /** How many prompts are kept, with what people wrote: for {@linkcode MockOllamaServer.prompts}. @default {0} */
  keepPrompts?: number | undefined;
  /** A file that `recordOllama` wrote: answered from it, and from nothing else. */
  recording?: string | undefined;
  /** Where faults that strike are noted. @default a log of its own */
  faultLog?: FaultLog | undefined;
  /** Told when a scripted reply throws, or of a defect of the mock; the client gets a 500. @default {console.error} */
  onError?: ((error: unknown) => void) | undefined;
}

/** What the model was asked. */
export interface OllamaPrompt {
  readonly at: number;
  readonly model: string;
  readonly messages: readonly { readonly role: string; readonly content: string }[];
}

/** A request of the client. Never what people wrote. */
export interface OllamaCall {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly model?: string | undefined;
  /** How a generation ended: `aborted`: the client hung up; `faulted`: a fault ended it. */
  readonly outcome?: "done" | "aborted" | "faulted" | undefined;
  readonly messages?: number | undefined;
  readonly tokens?: number | undefined;
  readonly durationMs: number;
}

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
  /** What the client did wrong. */
  readonly violations: ViolationLog;
  readonly #clock: Clock;
  readonly #outage: Outage;
  readonly #faults: FaultInjector<OllamaFault>;
  readonly #api: OllamaApi;
  readonly #conduct: OllamaConduct;
  readonly #replay: Replay | undefined;
  readonly #onError: (error: unknown) => void;
  #server: LoopbackServer | undefined;

  private constructor(options: MockOllamaOptions, replay: Replay | undefined) {
    const { clock = systemClock, random = new SeededRandom("ollama"), models = ["llama3.2:3b"] } = options;
    const { faultLog = new FaultLog({ clock }), maxConcurrency = 128, onError = console.error } = options;
    checkOptions(options);
    const [first] = models;
    if (first === undefined) {
      throw new RangeError("Cannot start mock Ollama server: 'models' must have at least one name, got none");
    }
    this.model = typeof first === "string" ? first : first.name;
    this.#clock = clock;
    this.#onError = onError;
    this.#replay = replay;
    this.calls = new CallLog({ clock });
    this.violations = new ViolationLog({ source: "ollama", clock });
    this.#outage = new Outage(clock);
    this.#conduct = new OllamaConduct(clock, this.violations, maxConcurrency);
    const streams = random.stream("faults");
    this.#faults = new FaultInjector({ source: "ollama", clock, random: streams, log: faultLog });
    const ledger = ClockLedger.of(clock);
    const basis = { clock, random, ledger, faults: this.#faults, conduct: this.#conduct };
    this.#api = new OllamaApi(options, basis);
  }

  /**
   * A server that listens on 127.0.0.1.
   *
   * @throws {RangeError} If an option is out of its range.
   * @throws {Error} If the port is taken, or the recording cannot be read.
   */
  static async listen(options: MockOllamaOptions = {}): Promise<MockOllamaServer> {
    const { port = 0, recording } = options;
    const replay = recording === undefined ? undefined : await Replay.open(recording, options.clock);
    const mock = new MockOllamaServer(options, replay);
    mock.#server = await LoopbackServer.listen("mock Ollama server", {
      port,
      onRequest: (request, response) => {
        if (mock.#outage.refuseRequest(response)) return mock.#conduct.connectionFailed();
        void mock.#answer(request, response);
      },
      onReset: () => mock.#conduct.connectionFailed(),
    });
    return mock;
  }

  /** Base address, what clients take as their host; OpenAI's clients take it with `/v1`. */
  get url(): string {
    return `http://127.0.0.1:${this.#server!.port}`;
  }

  /** Whether an outage is on. */
  get isDown(): boolean {
    return this.#outage.isOn;
  }

  /** Number of requests for a reply that are being answered or wait for it. */
  get activeGenerations(): number {
    return this.#api.active;
  }

  /** What the model was asked lately, with what people wrote; as many as `keepPrompts` says. */
  get prompts(): readonly OllamaPrompt[] {
    return this.#api.prompts;
  }

  /** What was said of replies that were cut before their end, the last 100. */
  get truncatedReplies(): readonly { readonly text: string; readonly at: number }[] {
    return this.#api.truncated;
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
   * Lets the server do something wrong, on a schedule.
   *
   * @throws {RangeError} If a number is out of its range.
   */
  injectFault(fault: OllamaFault, schedule: FaultSchedule = {}): InjectedFault {
    checkOllamaFault(fault);
    return this.#faults.inject(fault, schedule);
  }

  /**
   * The next generation stops for good after some tokens, without an error and with the connection open: what Ollama
   * does in production after hours. Each call is for one more generation.
   */
  stallNext(options: { afterTokens?: number } = {}): void {
    const { afterTokens = 0 } = options;
    this.injectFault({ kind: "stall", afterTokens }, { times: 1 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#outage.end();
    await this.#server?.[Symbol.asyncDispose]();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const startMs = this.#clock.now();
    const method = request.method ?? "GET";
    const path = (request.url ?? "/").split("?")[0]!;
    const ended = this.#conduct.opened(path);
    let details: CallDetails = {};
    let body = "";
    try {
      const text = await readText(request, MAX_BODY_BYTES);
      if (text === undefined) throw new OllamaError(413, "http: request body too large");
      body = text;
      const call = { method, path, body, response };
      details = this.#replay ? await this.#replay.answer(call) : await this.#api.answer(call);
    } catch (error) {
      this.#fail(path, response, error);
    } finally {
      ended();
    }
    const status = response.statusCode;
    if (!response.destroyed || response.writableEnded)
      this.#conduct.answered(`${method} ${path}`, body, status);
    this.calls.record({ method, path, status, durationMs: this.#clock.now() - startMs, ...details });
  }

  #fail(path: string, response: ServerResponse, error: unknown): void {
    if (response.destroyed) return; // its reader is gone, nobody to tell
    if (!(error instanceof OllamaError)) this.#onError(error); // a scripted reply that throws, or a defect of the mock
    const status = error instanceof OllamaError ? error.status : 500;
    const message = error instanceof Error ? error.message : String(error);
    const body = path.startsWith("/v1/") ? toOpenAiError(status, message) : { error: message };
    if (response.headersSent) response.end(`${JSON.stringify(body)}\n`);
    else sendJson(response, body, status);
  }
}

function checkOptions(options: MockOllamaOptions): void {
  const { loadMs = 0, keepAliveMs = 0, pullMs = 0, keepPrompts = 0, maxQueue = 0 } = options;
  const { parallel = 1, maxLoadedModels = 1, maxConcurrency = 1 } = options;
  const least: readonly (readonly [string, number, number])[] = [
    ["loadMs", loadMs, 0],
    ["keepAliveMs", keepAliveMs, 0],
    ["pullMs", pullMs, 0],
    ["keepPrompts", keepPrompts, 0],
    ["maxQueue", maxQueue, 0],
    ["parallel", parallel, 1],
    ["maxLoadedModels", maxLoadedModels, 1],
    ["maxConcurrency", maxConcurrency, 1],
  ];
  for (const [name, value, minimum] of least) {
    if (!(value >= minimum)) {
      throw new RangeError(`Cannot start mock Ollama server: '${name}' must be >= ${minimum}, got ${value}`);
    }
  }
}
