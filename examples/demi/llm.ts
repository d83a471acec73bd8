import { Ollama, type Message } from "ollama";
import { Agent, fetch } from "undici";
import type { Clock } from "../../lib/base/clock.ts";
import type { CompanionEnvironment } from "../../lib/harness/companion.ts";

/** The language model gave no answer that can be used. */
export class LlmError extends Error {
  override readonly name: string = "LlmError";
  /** `timeout`, `connection`, `http_<status>`, `stream`, `empty_reply`, `stopped` or `not_configured`. */
  readonly errorType: string;

  constructor(errorType: string, cause?: unknown) {
    super(`Cannot ask the language model: ${errorType}`, { cause });
    this.errorType = errorType;
  }
}

const DEADLINE_MS = 30_000;
const MAX_REPLY_LENGTH = 8000;

interface Progress {
  text: string;
  firstTokenAt: number | undefined;
  inputTokens: number | undefined;
  outputTokens: number | undefined;
}

/** Demi's language model: Ollama's streaming chat with a deadline on the clock. */
export class Llm {
  readonly #env: CompanionEnvironment;
  readonly #clock: Clock;
  // A pool of her own: a shared one would take others' connections down with hers.
  readonly #agent = new Agent();
  readonly #stopped = new AbortController();

  constructor(env: CompanionEnvironment) {
    this.#env = env;
    this.#clock = env.clock;
  }

  /**
   * The model's answer to a conversation. Every attempt is told to the observer.
   *
   * @throws {LlmError} If none came within 30 seconds, whatever the reason.
   */
  async chat(messages: readonly Message[]): Promise<string> {
    if (!this.#env.ollama) throw new LlmError("not_configured");
    const { model } = this.#env.ollama;
    const startedAt = this.#clock.monotonicMs();
    const progress: Progress = {
      text: "",
      firstTokenAt: undefined,
      inputTokens: undefined,
      outputTokens: undefined,
    };
    let errorType: string | undefined;
    try {
      await this.#withDeadline((signal) => this.#stream(messages, progress, signal));
      if (progress.text.trim() === "") throw new LlmError("empty_reply");
      return progress.text.trim();
    } catch (error) {
      const failure = toLlmError(error);
      ({ errorType } = failure);
      throw failure;
    } finally {
      const { firstTokenAt, inputTokens, outputTokens } = progress;
      this.#env.observer?.llmCall?.({
        model,
        durationMs: this.#clock.monotonicMs() - startedAt,
        timeToFirstTokenMs: firstTokenAt === undefined ? undefined : firstTokenAt - startedAt,
        inputTokens,
        outputTokens,
        errorType,
      });
    }
  }

  /** Gives up every call that is under way; they fail with `stopped`. */
  abort(): void {
    this.#stopped.abort(new LlmError("stopped"));
  }

  /** Gives up every call and closes the connections. */
  async close(): Promise<void> {
    this.abort();
    await this.#agent.destroy?.(); // Bun has an undici of its own, whose agents keep no connections
  }

  async #withDeadline(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const late = new AbortController();
    const timer = this.#clock.setTimer(() => late.abort(new LlmError("timeout")), DEADLINE_MS);
    const signal = AbortSignal.any([late.signal, this.#stopped.signal]);
    try {
      signal.throwIfAborted();
      await work(signal);
    } catch (error) {
      throw signal.aborted ? signal.reason : error; // the client wraps an abort in errors of its own
    } finally {
      timer.cancel();
    }
  }

  async #stream(messages: readonly Message[], progress: Progress, signal: AbortSignal): Promise<void> {
    const { url, model } = this.#env.ollama!;
    const enough = new AbortController();
    const signals = [signal, enough.signal];
    const client = new Ollama({ host: url, fetch: fetchWith(this.#agent, AbortSignal.any(signals)) });
    try {
      const stream = await client.chat({ model, messages: [...messages], stream: true });
      for await (const part of stream) {
        if (part.message?.content) progress.firstTokenAt ??= this.#clock.monotonicMs();
        progress.text += part.message?.content ?? "";
        if (part.done) {
          progress.inputTokens = part.prompt_eval_count;
          progress.outputTokens = part.eval_count;
        }
        if (progress.text.length > MAX_REPLY_LENGTH) break;
      }
    } finally {
      enough.abort(); // the client leaves the rest of a body unread, which would keep its connection forever
    }
  }
}

function fetchWith(dispatcher: Agent, signal: AbortSignal): typeof globalThis.fetch {
  const bound = async (url: string, init: object): Promise<unknown> => {
    const response = await fetch(url, { ...init, dispatcher, signal });
    if (response.ok) return response;
    await response.body?.cancel();
    throw new LlmError(`http_${response.status}`); // left to the client, it would write to the console
  };
  return bound as unknown as typeof globalThis.fetch;
}

function toLlmError(error: unknown): LlmError {
  if (error instanceof LlmError) return error;
  const { cause, message } = error as { cause?: unknown; message?: string };
  const noAnswer = error instanceof TypeError && cause !== undefined && message === "fetch failed";
  return new LlmError(noAnswer ? "connection" : "stream", error);
}
