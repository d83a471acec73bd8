import type { ServerResponse } from "node:http";
import type { Clock } from "../../base/clock.ts";
import type { SeededRandom } from "../../base/random.ts";
import type { ClockLedger } from "../_clock_ledger.ts";
import type { FaultInjector } from "../faults/fault_injector.ts";
import type { OllamaConduct } from "./_conduct.ts";
import { embed, toBase64, toUnitLength } from "./_embedding.ts";
import { Generations } from "./_generations.ts";
import { describe, OllamaModels, withTag } from "./_ollama_models.ts";
import {
  type Body,
  OllamaError,
  parseBody,
  parseChat,
  parseGenerate,
  parseModel,
} from "./_ollama_requests.ts";
import { parseEmbedding, parseOpenAiChat, parseOpenAiCompletion } from "./_openai_requests.ts";
import { createProgress, type ProgressLine, pullProgress } from "./_pull.ts";
import type { MockOllamaOptions, OllamaCall, OllamaPrompt } from "./mock_ollama_server.ts";
import type { OllamaFault } from "./ollama_faults.ts";
import { toTokens } from "./token_timing.ts";

const VERSION = "0.13.2";
const CREATED = Date.UTC(2026, 0, 1) / 1000;

/** What is logged of a request beside its route. */
export type CallDetails = Partial<Pick<OllamaCall, "model" | "outcome" | "messages" | "tokens">>;

/** A request whose body was read. */
export interface OllamaRequest {
  readonly method: string;
  readonly path: string;
  readonly body: string;
  readonly response: ServerResponse;
}

/** What the parts of the mock share. */
export interface OllamaBasis {
  readonly clock: Clock;
  readonly random: SeededRandom;
  readonly ledger: ClockLedger;
  readonly faults: FaultInjector<OllamaFault>;
  readonly conduct: OllamaConduct;
}

type Handler = (request: OllamaRequest) => Promise<CallDetails> | CallDetails;

/** All routes of Ollama, its own and those of OpenAI. */
export class OllamaApi {
  readonly #basis: OllamaBasis;
  readonly #models: OllamaModels;
  readonly #generations: Generations;
  readonly #pullMs: number;
  readonly #blobs = new Set<string>();
  readonly #routes: ReadonlyMap<string, Handler>;

  constructor(options: MockOllamaOptions, basis: OllamaBasis) {
    const { models = ["llama3.2:3b"], maxLoadedModels = 3, pullMs = 500 } = options;
    this.#basis = basis;
    this.#pullMs = pullMs;
    this.#models = new OllamaModels(models, maxLoadedModels);
    this.#generations = new Generations(options, basis, this.#models);
    this.#routes = this.#makeRoutes();
  }

  get active(): number {
    return this.#generations.active;
  }

  get prompts(): readonly OllamaPrompt[] {
    return this.#generations.prompts;
  }

  get truncated(): readonly { readonly text: string; readonly at: number }[] {
    return this.#generations.truncated;
  }

  /** @throws {OllamaError} With the status and in the words of Ollama. */
  async answer(request: OllamaRequest): Promise<CallDetails> {
    this.#fail(request.path);
    const { method, path } = request;
    const known = this.#routes.get(`${method} ${path}`);
    if (known) return await known(request);
    if (path.startsWith("/api/blobs/")) return this.#blob(request);
    const model = /^\/v1\/models\/(.+)$/.exec(path)?.[1];
    if (model !== undefined && method === "GET") {
      const name = decodeURIComponent(model);
      this.#requireModel(name);
      return sendJson(request.response, toOpenAiModel(name));
    }
    const others = [...this.#routes.keys()].some((route) => route.endsWith(` ${path}`));
    const status = others ? 405 : 404;
    const text = others ? "405 method not allowed" : "404 page not found";
    request.response.writeHead(status, { "content-type": "text/plain" }).end(text);
    return {};
  }

  #makeRoutes(): ReadonlyMap<string, Handler> {
    const models = this.#models;
    const alive: Handler = ({ response }) => {
      response.writeHead(200, { "content-type": "text/plain; charset=utf-8" }).end("Ollama is running");
      return {};
    };
    const version: Handler = ({ response }) => sendJson(response, { version: VERSION });
    const tags: Handler = ({ response }) => sendJson(response, models.tags());
    return new Map<string, Handler>([
      ["GET /", alive],
      ["HEAD /", alive],
      ["GET /api/version", version],
      ["HEAD /api/version", version],
      ["GET /api/tags", tags],
      ["HEAD /api/tags", tags],
      ["GET /api/ps", ({ response }) => sendJson(response, models.running(this.#basis.clock.now()))],
      ["POST /api/show", (request) => this.#show(request)],
      ["POST /api/chat", (request) => this.#generations.answer(request, parseChat)],
      ["POST /api/generate", (request) => this.#generations.answer(request, parseGenerate)],
      ["POST /api/embed", (request) => this.#embed(request)],
      ["POST /api/embeddings", (request) => this.#embedOne(request)],
      ["POST /api/pull", (request) => this.#pull(request)],
      ["POST /api/push", () => this.#push()],
      ["POST /api/create", (request) => this.#create(request)],
      ["POST /api/copy", (request) => this.#copy(request)],
      ["DELETE /api/delete", (request) => this.#delete(request)],
      ["POST /v1/chat/completions", (request) => this.#generations.answer(request, parseOpenAiChat)],
      ["POST /v1/completions", (request) => this.#generations.answer(request, parseOpenAiCompletion)],
      ["POST /v1/embeddings", (request) => this.#embedOpenAi(request)],
      [
        "GET /v1/models",
        ({ response }) => sendJson(response, { object: "list", data: models.names.map(toOpenAiModel) }),
      ],
    ]);
  }

  #fail(path: string): void {
    const { faults } = this.#basis;
    if (!faults.isArmed) return;
    const isOne = (fault: OllamaFault): fault is OllamaFault & { kind: "fail" } =>
      fault.kind === "fail" && (fault.path === undefined || fault.path === path);
    const fault = faults.strike(isOne, path);
    if (fault) throw new OllamaError(fault.status ?? 500, fault.error ?? "internal server error");
  }

  #show({ body, response }: OllamaRequest): CallDetails {
    const model = parseModel(parseBody(body));
    this.#requireModel(model);
    return { ...sendJson(response, this.#models.show(model)), model };
  }

  async #embed({ body, response }: OllamaRequest): Promise<CallDetails> {
    const { model, inputs, dimensions } = parseEmbedding(parseBody(body));
    const startMs = this.#basis.clock.now();
    await this.#generations.load(model, undefined);
    const took = Math.max(1, Math.round((this.#basis.clock.now() - startMs) * 1e6));
    const embeddings = inputs.map((input) => this.#vector(model, input, dimensions));
    const counts = { total_duration: took, load_duration: took, prompt_eval_count: countTokens(inputs) };
    return { ...sendJson(response, { model, embeddings, ...counts }), model };
  }

  async #embedOne({ body, response }: OllamaRequest): Promise<CallDetails> {
    const given = parseBody(body);
    const model = parseModel(given);
    await this.#generations.load(model, undefined);
    const embedding = this.#vector(model, String(given["prompt"] ?? ""), undefined);
    return { ...sendJson(response, { embedding }), model };
  }

  async #embedOpenAi({ body, response }: OllamaRequest): Promise<CallDetails> {
    const { model, inputs, dimensions, isBase64 } = parseEmbedding(parseBody(body));
    await this.#generations.load(model, undefined);
    const data = inputs.map((input, index) => {
      const vector = this.#vector(model, input, dimensions);
      return { object: "embedding", embedding: isBase64 ? toBase64(vector) : vector, index };
    });
    const tokens = countTokens(inputs);
    const usage = { prompt_tokens: tokens, total_tokens: tokens };
    return { ...sendJson(response, { object: "list", data, model, usage }), model };
  }

  #vector(model: string, text: string, dimensions: number | undefined): readonly number[] {
    const whole = embed(text, this.#models.embeddingLength(model));
    return dimensions === undefined || dimensions >= whole.length
      ? whole
      : toUnitLength(whole.slice(0, dimensions));
  }

  async #pull({ body, response }: OllamaRequest): Promise<CallDetails> {
    const given = parseBody(body);
    const model = parseModel(given);
    const lines = pullProgress(model, this.#models.has(model) ? 0 : this.#pullMs);
    await this.#progress(response, given, lines, () => this.#models.add({ name: model }));
    return { model };
  }

  #push(): never {
    throw new OllamaError(401, "unauthorized: a mock has no registry to push to");
  }

  async #create({ body, response }: OllamaRequest): Promise<CallDetails> {
    const given = parseBody(body);
    const model = parseModel(given);
    const { from, files } = given;
    if (typeof from !== "string" && (typeof files !== "object" || files === null)) {
      throw new OllamaError(400, "neither 'from' or 'files' was specified");
    }
    if (typeof from === "string") this.#requireModel(from);
    const lines = createProgress(model, typeof from === "string" ? from : model);
    await this.#progress(response, given, lines, () => this.#models.add({ name: model }));
    return { model };
  }

  async #progress(
    response: ServerResponse,
    body: Body,
    lines: readonly ProgressLine[],
    onDone: () => void,
  ): Promise<void> {
    const { clock, ledger } = this.#basis;
    const streams = body["stream"] !== false;
    if (streams) response.writeHead(200, { "content-type": "application/x-ndjson" });
    for (const { line, delayMs } of lines) {
      if (delayMs > 0) await ledger.waiting(clock.sleep(delayMs, { keepAlive: false }));
      if (response.destroyed) return; // whoever hangs up does not want the model
      if (streams) response.write(`${JSON.stringify(line)}\n`);
    }
    onDone();
    if (streams) response.end();
    else sendJson(response, { status: "success" });
  }

  #copy({ body, response }: OllamaRequest): CallDetails {
    const { source, destination } = parseBody(body);
    if (typeof source !== "string" || typeof destination !== "string") {
      throw new OllamaError(400, "source and destination are required");
    }
    if (!this.#models.copy(source, destination)) throw new OllamaError(404, `model '${source}' not found`);
    response.writeHead(200).end();
    return { model: destination };
  }

  #delete({ body, response }: OllamaRequest): CallDetails {
    const model = parseModel(parseBody(body));
    if (!this.#models.delete(model)) throw new OllamaError(404, `model '${model}' not found`);
    response.writeHead(200).end();
    return { model };
  }

  #blob({ method, path, response }: OllamaRequest): CallDetails {
    const digest = path.slice("/api/blobs/".length);
    if (!/^sha256:[0-9a-f]{64}$/.test(digest)) throw new OllamaError(400, "invalid digest format");
    if (method === "POST") this.#blobs.add(digest);
    const status = method === "POST" ? 201 : this.#blobs.has(digest) ? 200 : 404;
    response.writeHead(status).end();
    return {};
  }

  #requireModel(model: string): void {
    if (!this.#models.has(model)) throw new OllamaError(404, `model '${model}' not found`);
  }
}

function countTokens(texts: readonly string[]): number {
  return texts.reduce((total, text) => total + toTokens(text).length, 0);
}

function toOpenAiModel(name: string): object {
  return { id: describe(withTag(name)).name, object: "model", created: CREATED, owned_by: "library" };
}

/** Answers with JSON. */
export function sendJson(response: ServerResponse, body: object, status = 200): CallDetails {
  const text = JSON.stringify(body);
  response
    .writeHead(status, {
      "content-type": "application/json; charset=utf-8",
      "content-length": Buffer.byteLength(text),
    })
    .end(text);
  return {};
}
