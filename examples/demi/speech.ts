import { Agent, fetch, FormData, type RequestInit } from "undici";
import type { Clock } from "../../lib/base/clock.ts";
import type { CompanionEnvironment } from "../../lib/harness/companion.ts";
import { unwrapWav, WavError, wrapWav } from "./wav_sound.ts";

/** Where speech is, and who may use it. */
export type VoiceAccess = NonNullable<CompanionEnvironment["voice"]>;

/** Speech could not be heard or made. */
export class SpeechError extends Error {
  override readonly name: string = "SpeechError";
  /** `timeout`, `connection`, `http_<status>`, `malformed`, `truncated` or `stopped`. */
  readonly code: string;
  /** When the server wants to be asked again, if it said so. */
  readonly retryAfterMs: number | undefined;

  constructor(
    code: string,
    options: { readonly cause?: unknown; readonly retryAfterMs?: number | undefined } = {},
  ) {
    super(`Cannot use speech: ${code}`, { cause: options.cause });
    this.code = code;
    this.retryAfterMs = options.retryAfterMs;
  }
}

const DEADLINE_MS = 20_000;
const PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 5000; // who waits longer than that for an answer has hung up
const MAX_LETTERS = 4000;

/** Demi's ears and mouth: OpenAI-style speech routes, each use with a deadline on the clock and one further try. */
export class Speech {
  readonly #access: VoiceAccess;
  readonly #clock: Clock;
  readonly #agent = new Agent();
  readonly #stopped = new AbortController();

  constructor(access: VoiceAccess, clock: Clock) {
    this.#access = access;
    this.#clock = clock;
  }

  /** What is said in a recording; empty if nothing is. @throws {SpeechError} If it could not be heard. */
  async transcribe(pcm: Buffer): Promise<string> {
    return await this.#tryTwice(async (signal) => {
      const body = new FormData();
      body.set("model", "whisper-1");
      body.set("file", new File([new Uint8Array(wrapWav(pcm))], "utterance.wav", { type: "audio/wav" }));
      const answer = await this.#post("/audio/transcriptions", { body }, signal);
      const { text } = JSON.parse(answer.toString("utf8")) as { readonly text?: unknown };
      if (typeof text !== "string") throw new SpeechError("malformed");
      return text.trim();
    });
  }

  /** A text as speech, samples. @throws {SpeechError} If it could not be made. */
  async synthesize(text: string): Promise<Buffer> {
    return await this.#tryTwice(async (signal) => {
      const input = text.slice(0, MAX_LETTERS);
      const body = JSON.stringify({ model: "tts-1", voice: "nova", input, response_format: "wav" });
      const headers = { "content-type": "application/json" };
      return unwrapWav(await this.#post("/audio/speech", { body, headers }, signal));
    });
  }

  /** Gives up what is under way and closes the connections. */
  async close(): Promise<void> {
    this.#stopped.abort(new SpeechError("stopped"));
    await this.#agent.destroy?.(); // Bun has an undici of its own, whose agents keep no connections
  }

  async #tryTwice<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    try {
      return await this.#try(work);
    } catch (error) {
      const pauseMs = pauseAfter(error as SpeechError);
      if (pauseMs === undefined) throw error;
      await this.#clock.sleep(pauseMs, { signal: this.#stopped.signal, keepAlive: false });
      return await this.#try(work);
    }
  }

  async #try<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const late = new AbortController();
    const timer = this.#clock.setTimer(() => late.abort(new SpeechError("timeout")), DEADLINE_MS);
    const signal = AbortSignal.any([late.signal, this.#stopped.signal]);
    try {
      signal.throwIfAborted();
      return await work(signal);
    } catch (error) {
      throw signal.aborted ? signal.reason : toSpeechError(error);
    } finally {
      timer.cancel();
    }
  }

  async #post(path: string, init: RequestInit, signal: AbortSignal): Promise<Buffer> {
    const { url, token } = this.#access;
    const response = await fetch(`${url}${path}`, {
      ...init,
      method: "POST",
      headers: { ...(init.headers as Record<string, string>), authorization: `Bearer ${token}` },
      dispatcher: this.#agent,
      signal,
    });
    if (response.ok) return Buffer.from(await response.arrayBuffer());
    const seconds = Number(response.headers.get("retry-after") ?? NaN);
    await response.body?.cancel();
    const retryAfterMs = Number.isFinite(seconds) ? seconds * 1000 : undefined;
    throw new SpeechError(`http_${response.status}`, { retryAfterMs });
  }
}

/** How long to wait before a further try, or `undefined` where there is no use in one. */
function pauseAfter({ code, retryAfterMs = 0 }: SpeechError): number | undefined {
  if (!/^(http_(429|5..)|connection|malformed|truncated)$/.test(code)) return undefined;
  return retryAfterMs > LONGEST_PAUSE_MS ? undefined : Math.max(PAUSE_MS, retryAfterMs);
}

function toSpeechError(error: unknown): SpeechError {
  if (error instanceof SpeechError) return error;
  if (error instanceof WavError) return new SpeechError("truncated", { cause: error });
  return new SpeechError(error instanceof SyntaxError ? "malformed" : "connection", { cause: error });
}
