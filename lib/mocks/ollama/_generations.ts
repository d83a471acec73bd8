import type { Clock } from "../../base/clock.ts";
import type { SeededRandom } from "../../base/random.ts";
import { RingBuffer } from "../../base/ring_buffer.ts";
import { GenerationWriter } from "./_generation.ts";
import type { CallDetails, OllamaBasis, OllamaRequest } from "./_ollama_api.ts";
import type { OllamaModels } from "./_ollama_models.ts";
import { type Body, type GenerationRequest, OllamaError, parseBody } from "./_ollama_requests.ts";
import { GenerationQueue } from "./_queue.ts";
import { replyFormat, type ToolCall } from "./_reply_format.ts";
import { scriptReply } from "./_reply_script.ts";
import type { MockOllamaOptions, OllamaPrompt } from "./mock_ollama_server.ts";
import type { OllamaReplyRule } from "./model_reply.ts";
import type { GenerationFault, OllamaFault } from "./ollama_faults.ts";
import { checkTiming, type ResolvedTiming, tokenDelays, toTokens } from "./token_timing.ts";

const KEEP_ALIVE_MS = 300_000;
const TRUNCATED_KEPT = 100;

/** Requests for a reply: loading, queueing, scripting, writing. */
export class Generations {
  readonly #basis: OllamaBasis;
  readonly #clock: Clock;
  readonly #random: SeededRandom;
  readonly #models: OllamaModels;
  readonly #rules: readonly OllamaReplyRule[];
  readonly #timing: ResolvedTiming;
  readonly #loadMs: number;
  readonly #keepAliveMs: number;
  readonly #queue: GenerationQueue;
  readonly #prompts: RingBuffer<OllamaPrompt> | undefined;
  readonly #truncated = new RingBuffer<{ readonly text: string; readonly at: number }>(TRUNCATED_KEPT);
  /** Until when a model that is on its way into memory is so. */
  readonly #loading = new Map<string, number>();
  #active = 0;
  #made = 0;

  constructor(options: MockOllamaOptions, basis: OllamaBasis, models: OllamaModels) {
    const { replies = [], loadMs = 0, keepAliveMs = KEEP_ALIVE_MS } = options;
    const { parallel = Infinity, maxQueue = 512, keepPrompts = 0 } = options;
    this.#basis = basis;
    this.#clock = basis.clock;
    this.#random = basis.random;
    this.#models = models;
    this.#rules = replies;
    this.#timing = checkTiming(options);
    this.#loadMs = loadMs;
    this.#keepAliveMs = keepAliveMs;
    this.#queue = new GenerationQueue(parallel, maxQueue, basis.ledger);
    this.#prompts = keepPrompts > 0 ? new RingBuffer(keepPrompts) : undefined;
  }

  /** Number that is being answered or waits for it. */
  get active(): number {
    return this.#active;
  }

  get prompts(): readonly OllamaPrompt[] {
    return this.#prompts ? [...this.#prompts] : [];
  }

  get truncated(): readonly { readonly text: string; readonly at: number }[] {
    return [...this.#truncated];
  }

  /** @throws {OllamaError} If something is not what it must be. */
  async answer(incoming: OllamaRequest, parse: (body: Body) => GenerationRequest): Promise<CallDetails> {
    const request = parse(parseBody(incoming.body));
    const { model, messages } = request;
    this.#check(request);
    this.#prompts?.push({ at: this.#clock.now(), model, messages });
    this.#active++;
    try {
      const isGone = (): boolean => incoming.response.destroyed;
      const written = await this.#queue.run(isGone, () => this.#write(incoming, request));
      return { model, messages: messages.length, ...(written ?? { outcome: "aborted", tokens: 0 }) };
    } finally {
      this.#active--;
    }
  }

  /** Brings a model into memory and resolves when it is there. @throws {OllamaError} If there is no such model. */
  async load(model: string, keepAliveMs: number | undefined): Promise<void> {
    if (!this.#models.has(model)) throw new OllamaError(404, `model '${model}' not found`);
    const loadMs = this.#coldMs(model);
    this.#models.load(model, this.#clock.now() + loadMs, keepAliveMs ?? this.#keepAliveMs);
    if (loadMs > 0) {
      await this.#basis.ledger.waiting(this.#clock.sleep(loadMs, { keepAlive: false }));
    }
  }

  async #write(incoming: OllamaRequest, request: GenerationRequest): Promise<CallDetails> {
    const { model, messages, keepAliveMs } = request;
    const isUnload = request.loadOnly && keepAliveMs === 0;
    const loadMs = isUnload ? 0 : this.#coldMs(model);
    if (isUnload) this.#models.unload(model);
    else this.#models.load(model, this.#clock.now() + loadMs, keepAliveMs ?? this.#keepAliveMs);
    const text = messages.map(({ content }) => content).join("\n");
    const reply = request.loadOnly ? {} : scriptReply(request, this.#rules, this.#random);
    const whole = toTokens(cutAtStop(reply.content ?? "", request.stop));
    const tokens = whole.slice(0, request.maxTokens);
    const thinks = request.think ?? this.#models.can(model, "thinking");
    const { conduct, ledger } = this.#basis;
    const writer = new GenerationWriter(this.#clock, ledger, incoming.response, {
      onStall: () => conduct.stalled(incoming.path),
    });
    const {
      outcome,
      tokens: written,
      truncated,
    } = await writer.write({
      request,
      format: replyFormat(request, String(++this.#made)),
      thinking: thinks && request.api !== "openai-completion" ? toTokens(reply.thinking ?? "") : [],
      tokens,
      toolCalls: (reply.toolCalls ?? []).map((call, index) => this.#withId(call, text, index)),
      isTruncated: tokens.length >= request.maxTokens,
      delays: tokenDelays(this.#timing, this.#random.stream(`timing ${text}`)),
      promptTokens: toTokens(text).length,
      loadMs,
      fault: request.loadOnly ? undefined : this.#fault(),
    });
    if (truncated) this.#truncated.push({ text: truncated, at: this.#clock.now() });
    return { outcome, tokens: written };
  }

  #fault(): GenerationFault | undefined {
    const { faults } = this.#basis;
    if (!faults.isArmed) return undefined;
    const isOne = (fault: OllamaFault): fault is GenerationFault => fault.kind !== "fail";
    return faults.strike(isOne);
  }

  #check({ model, think, tools }: GenerationRequest): void {
    if (!this.#models.has(model)) throw new OllamaError(404, `model '${model}' not found`);
    const quoted = JSON.stringify(model);
    if (think === true && !this.#models.can(model, "thinking")) {
      throw new OllamaError(400, `${quoted} does not support thinking`);
    }
    if (tools.length > 0 && !this.#models.can(model, "tools")) {
      throw new OllamaError(400, `${model} does not support tools`);
    }
    if (!this.#models.can(model, "completion")) throw new OllamaError(400, `${quoted} does not support chat`);
  }

  // A model is loaded once, however many ask for it meanwhile: they wait for the rest of its time.
  #coldMs(model: string): number {
    const now = this.#clock.now();
    const until = this.#loading.get(model);
    if (until !== undefined && until > now) return until - now;
    if (this.#loadMs === 0 || this.#models.isLoaded(model, now)) return 0;
    this.#loading.set(model, now + this.#loadMs);
    return this.#loadMs;
  }

  #withId(call: Omit<ToolCall, "id">, text: string, index: number): ToolCall {
    const random = this.#random.stream(`tool ${index} ${text}`);
    const letters = [..."abcdefghijklmnopqrstuvwxyz0123456789"];
    return { ...call, id: `call_${Array.from({ length: 8 }, () => random.pick(letters)).join("")}` };
  }
}

function cutAtStop(text: string, stops: readonly string[]): string {
  const ends = stops.filter((stop) => stop !== "").map((stop) => text.indexOf(stop));
  const first = Math.min(...ends.filter((end) => end >= 0));
  return Number.isFinite(first) ? text.slice(0, first) : text;
}
