import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { RingBuffer } from "../../base/ring_buffer.ts";
import type { CallLog } from "../call_log.ts";
import { Answer } from "./_answer.ts";
import type { RetryWatch } from "../_retry_watch.ts";
import { OpenAiError, serverError } from "./_openai_error.ts";
import { readBytes } from "./_read_bytes.ts";
import { parseSpeech } from "./_speech_request.ts";
import { answerSpeech } from "./_speech_route.ts";
import type { AnsweredRequest, SpeechServices } from "./_speech_services.ts";
import { answerTranscription } from "./_transcription_route.ts";
import { parseTranscription } from "./_transcription_request.ts";
import type { VoiceCall } from "./voice_options.ts";

const MAX_BODY_BYTES = 25 * 1024 * 1024;
const MINUTE_MS = 60_000;
const MODELS_SINCE_S = 1_677_532_384;

/** What the speech routes need beside {@linkcode SpeechServices}. */
export interface SpeechApiOptions extends SpeechServices {
  readonly token: string;
  readonly requestsPerMinute: number;
  readonly calls: CallLog<VoiceCall>;
  readonly conduct: RetryWatch;
  readonly onError: (error: unknown) => void;
}

/** The HTTP side: routes of speech below `/v1`, with OpenAI's errors. */
export class SpeechApi {
  readonly #options: SpeechApiOptions;
  readonly #recent: RingBuffer<number> | undefined;
  #requests = 0;

  constructor(options: SpeechApiOptions) {
    this.#options = options;
    const { requestsPerMinute } = options;
    if (requestsPerMinute < Infinity) this.#recent = new RingBuffer(Math.ceil(requestsPerMinute));
  }

  /** Answers a request; never rejects. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { clock, ledger, activity, calls } = this.#options;
    const startMs = clock.monotonicMs();
    const method = request.method ?? "GET";
    const path = (request.url ?? "/").split("?")[0]!;
    const answer = new Answer(clock, ledger, response);
    response.setHeader("x-request-id", `req_${(this.#requests++).toString(16).padStart(16, "0")}`);
    activity.note();
    this.#options.conduct.connectionWorked();
    let answered: AnsweredRequest | undefined;
    try {
      this.#authorize(request);
      answered = await this.#route(`${method} ${path}`, request, answer);
    } catch (error) {
      this.#fail(`${method} ${path}`, answer, error);
    }
    const { isSpoilt = false, ...details } = answered ?? {};
    const { statusCode: status } = response;
    const durationMs = clock.monotonicMs() - startMs;
    const outcome = answer.isClosed && !response.writableFinished ? "aborted" : "done";
    calls.record({ kind: "http", method, path, status, durationMs, outcome, ...details });
    if (isSpoilt || status === 429 || status >= 500) void activity.awaitReturn();
    activity.answered();
  }

  /** @throws {OpenAiError} With 401 if the token is not there or another. */
  #authorize({ headers }: IncomingMessage): void {
    const given = /^Bearer\s+(\S+)\s*$/i.exec(headers.authorization ?? "")?.[1];
    if (given !== undefined && isSameToken(given, this.#options.token)) return;
    const message =
      given === undefined
        ? "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY)."
        : "Incorrect API key provided.";
    throw new OpenAiError(401, message, { code: given === undefined ? undefined : "invalid_api_key" });
  }

  async #route(
    route: string,
    request: IncomingMessage,
    answer: Answer,
  ): Promise<AnsweredRequest | undefined> {
    const path = route.slice(route.indexOf(" ") + 1);
    switch (route) {
      case "GET /v1/models":
        return sendJson(answer, { object: "list", data: this.#options.models.map(toModel) });
      case "POST /v1/audio/transcriptions":
        return await this.#transcribe(request, answer, "transcribe");
      case "POST /v1/audio/translations":
        return await this.#transcribe(request, answer, "translate");
      case "POST /v1/audio/speech":
        return await this.#speak(request, answer);
    }
    if (route.startsWith("GET /v1/models/")) {
      const model = decodeURIComponentOr(path.slice("/v1/models/".length));
      this.#requireModel(model);
      return sendJson(answer, toModel(model));
    }
    if (/^\/v1\/(models|audio\/(transcriptions|translations|speech))$/.test(path)) {
      const method = route.slice(0, route.indexOf(" "));
      throw new OpenAiError(405, `Not allowed to ${method} on ${path}.`, { code: "method_not_supported" });
    }
    throw new OpenAiError(404, `Invalid URL (${route.slice(0, 200)})`);
  }

  async #transcribe(
    request: IncomingMessage,
    answer: Answer,
    task: "transcribe" | "translate",
  ): Promise<AnsweredRequest> {
    const body = await this.#read(request);
    return await this.#try(`POST /audio/${task === "translate" ? "translations" : "transcriptions"}`, {
      request,
      parse: () => parseTranscription(request.headers["content-type"], body),
      contentOf: ({ file }) => file,
      work: (parsed) => answerTranscription(parsed, answer, this.#options, task),
    });
  }

  async #speak(request: IncomingMessage, answer: Answer): Promise<AnsweredRequest> {
    const body = await this.#read(request);
    return await this.#try("POST /audio/speech", {
      request,
      parse: () => parseSpeech(body),
      contentOf: ({ input }) => input,
      work: (parsed) => answerSpeech(parsed, answer, this.#options),
    });
  }

  /** Does what a request asks for, and follows how the client takes it when that fails. */
  async #try<T extends { readonly model: string }>(
    subject: string,
    { request, parse, contentOf, work }: Attempt<T>,
  ): Promise<AnsweredRequest> {
    const { conduct } = this.#options;
    const parsed = await parse();
    this.#requireModel(parsed.model);
    const content = createHash("sha256").update(contentOf(parsed)).digest("hex");
    const isFirst = request.headers["x-stainless-retry-count"] === "0"; // OpenAI's own clients say which try it is
    if (isFirst) conduct.worked(subject, content);
    conduct.attempt(subject, content);
    try {
      this.#countRequest();
      const answered = await work(parsed);
      conduct.worked(subject, content);
      return answered;
    } catch (error) {
      const isRefusal = error instanceof OpenAiError && (error.status === 429 || error.status >= 500);
      const retryAfterMs = isRefusal ? Number(error.headers["retry-after-ms"] ?? 0) : 0;
      if (isRefusal) conduct.failed(subject, content, retryAfterMs);
      throw error;
    }
  }

  async #read(request: IncomingMessage): Promise<Buffer> {
    const body = await readBytes(request, MAX_BODY_BYTES + 64 * 1024).catch((cause: unknown) => {
      throw new OpenAiError(400, `The body ended early (${(cause as Error).name})`); // its connection is gone
    });
    if (body) return body;
    throw new OpenAiError(413, `Maximum content size limit (${MAX_BODY_BYTES}) exceeded`);
  }

  #requireModel(model: string): void {
    if (this.#options.models.includes(model)) return;
    const message = `The model \`${model.slice(0, 80)}\` does not exist or you do not have access to it.`;
    throw new OpenAiError(404, message, { code: "model_not_found" });
  }

  /** @throws {OpenAiError} With 429 if there were too many in the last minute. */
  #countRequest(): void {
    if (!this.#recent) return;
    const nowMs = this.#options.clock.monotonicMs();
    const oldestMs = this.#recent.at(0);
    const isFull = this.#recent.length >= this.#options.requestsPerMinute;
    if (isFull && oldestMs !== undefined && nowMs - oldestMs < MINUTE_MS) {
      throw serverError(429, Math.ceil(MINUTE_MS - (nowMs - oldestMs)));
    }
    this.#recent.push(nowMs);
  }

  #fail(route: string, answer: Answer, error: unknown): void {
    const { response } = answer;
    if (error instanceof OpenAiError && error.isMalformed) this.#blame(route, error.message);
    if (answer.isClosed || response.destroyed) return; // its reader is gone, nobody to tell
    if (!(error instanceof OpenAiError)) this.#options.onError(error); // of the mock, or of a script
    const failure = error instanceof OpenAiError ? error : serverError(500);
    if (response.headersSent) return void response.destroy();
    response
      .writeHead(failure.status, { "content-type": "application/json", ...failure.headers })
      .end(JSON.stringify(failure.toBody()));
  }

  #blame(route: string, reason: string): void {
    this.#options.violations.record({
      rule: "protocol-error",
      subject: route.slice(0, 80),
      message: `Sent a request that cannot be read (${reason}): a body must be what its content type says`,
      evidence: [{ at: this.#options.clock.now(), what: `${route.slice(0, 80)} was answered with 400` }],
    });
  }
}

/** A request that is tried, perhaps again. */
interface Attempt<T> {
  readonly request: IncomingMessage;
  readonly parse: () => T | Promise<T>;
  /** Tells it from other requests. */
  readonly contentOf: (parsed: T) => string | Uint8Array;
  readonly work: (parsed: T) => Promise<AnsweredRequest>;
}

/** Whether two tokens are the same, without telling by time how far they are. */
export function isSameToken(given: string, wanted: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(wanted));
}

function sendJson({ response }: Answer, body: object): undefined {
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
}

function toModel(id: string): object {
  return { id, object: "model", created: MODELS_SINCE_S, owned_by: "mock" };
}

function decodeURIComponentOr(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
