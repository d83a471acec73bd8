import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock } from "../base/clock.ts";
import { DeadlineError } from "../base/deadline.ts";
import type { PlatformHealth } from "../base/platform_health.ts";
import { SeededRandom } from "../base/random.ts";
import { RingBuffer } from "../base/ring_buffer.ts";
import { systemClock } from "../base/system_clock.ts";
import type { VirtualClock } from "../base/virtual_clock.ts";
import { type EmotionalState, parseEmotionalState } from "../emotion/emotional_state.ts";
import { ClockLedger } from "../mocks/_clock_ledger.ts";
import type { MockAndroidClient } from "../mocks/android/mock_android_client.ts";
import type { MockDiscordServer } from "../mocks/discord/mock_discord_server.ts";
import type { FaultProxy } from "../mocks/faults/fault_proxy.ts";
import { FaultLog } from "../mocks/faults/fault_log.ts";
import type { MockOllamaServer } from "../mocks/ollama/mock_ollama_server.ts";
import type { MockVoiceServer } from "../mocks/voice/mock_voice_server.ts";
import { Conversations } from "./_conversations.ts";
import { NoReplyError } from "./_no_reply.ts";
import { Services } from "./_services.ts";
import { EnvironmentTime } from "./_time.ts";
import { CompanionLife } from "./_companion_life.ts";
import { Witness } from "./_witness.ts";
import type { Companion, CompanionEnvironment } from "./companion.ts";
import type {
  EnvironmentTimings,
  NetworkService,
  PlatformName,
  Reply,
  SendMessageOptions,
  TestEnvironment,
  TestEnvironmentOptions,
  Verdict,
} from "./environment.ts";
import type { HarnessEvent } from "./event_log.ts";

const EVENTS_KEPT = 10_000;
const STOP_LIMIT_MS = 15_000;
const PLATFORMS: readonly PlatformName[] = ["discord", "android", "voice"];

/** The one implementation of {@linkcode TestEnvironment}. */
export class LiveEnvironment implements TestEnvironment {
  readonly seed: string;
  readonly random: SeededRandom;
  readonly dataDirectory: string;
  readonly hasLlm: boolean;
  readonly faultLog: FaultLog;
  readonly #options: TestEnvironmentOptions;
  readonly #time: EnvironmentTime;
  readonly #services: Services;
  readonly #conversations: Conversations;
  readonly #events = new RingBuffer<HarnessEvent>(EVENTS_KEPT);
  readonly #ends = new AsyncDisposableStack();
  readonly #life: CompanionLife;
  readonly #witness: Witness;
  #platforms: readonly PlatformName[];
  /** Whether it is told where: in each of its lives, although it may turn out to have no app. */
  readonly #mayListen: boolean;
  #messages = 0;
  #setupMs = 0;
  #untold: Error[] = [];

  private constructor(
    options: TestEnvironmentOptions,
    companion: Companion,
    basis: {
      readonly time: EnvironmentTime;
      readonly random: SeededRandom;
      readonly faultLog: FaultLog;
      readonly services: Services;
      readonly platforms: readonly PlatformName[];
      readonly dataDirectory: string;
    },
  ) {
    this.#options = options;
    this.#time = basis.time;
    const { companion: factory, showLogs = false, stopTimeoutMs = STOP_LIMIT_MS } = options;
    const onFault = (fault: string, error: unknown): void => this.#noteFault(fault, error);
    this.#life = new CompanionLife(companion, {
      factory,
      time: basis.time,
      showLogs,
      stopTimeoutMs,
      onFault,
      describeWaiting: () => {
        const awaited = basis.services.discord?.awaited ?? [];
        return awaited.length > 0 ? `The mock Discord waited for it ${awaited.join(", ")}.` : "";
      },
    });
    this.#services = basis.services;
    this.seed = String(options.seed ?? "demi-health");
    this.random = basis.random;
    this.faultLog = basis.faultLog;
    this.#platforms = basis.platforms;
    this.#mayListen = basis.platforms.includes("android");
    this.dataDirectory = basis.dataDirectory;
    this.hasLlm = options.hasLlm ?? true;
    this.#conversations = new Conversations(
      basis.services,
      basis.time,
      () => this.companionUrl,
      (error) => this.#note("app error", error instanceof Error ? error.message : String(error)),
    );
    this.#witness = new Witness({
      clock: basis.time.clock,
      dataDirectory: basis.dataDirectory,
      services: basis.services,
      conversations: this.#conversations,
      life: this.#life,
      textsAreSecret: options.textsAreSecret ?? false,
    });
  }

  static async start(options: TestEnvironmentOptions): Promise<LiveEnvironment> {
    const { seed = "demi-health", platforms = PLATFORMS } = options;
    options.signal?.throwIfAborted();
    const startMs = systemClock.monotonicMs();
    const companion = options.companion();
    const canBeVirtual = !companion.keepsOwnTime || companion.advance !== undefined;
    const time = new EnvironmentTime(options.time ?? (canBeVirtual ? "virtual" : "system"));
    const random = new SeededRandom(seed);
    const faultLog = new FaultLog({ clock: time.clock });
    await using starting = new AsyncDisposableStack();
    const dataDirectory = options.dataDirectory ?? (await mkdtemp(join(tmpdir(), "demi-health-")));
    if (options.dataDirectory === undefined) {
      starting.defer(() => rm(dataDirectory, { recursive: true, force: true, maxRetries: 3 }));
    }
    const basis = { clock: time.clock, random, faultLog };
    const services = starting.use(await Services.start(platforms, basis, options));
    const parts = { time, random, faultLog, services, platforms, dataDirectory };
    const env = new LiveEnvironment(options, companion, parts);
    starting.use(env.#life);
    starting.use(env.#conversations);
    await options.prepare?.(env);
    await env.start();
    if (options.platforms === undefined) await env.#lookForPlatforms();
    env.#ends.use(starting.move());
    env.#setupMs = systemClock.monotonicMs() - startMs;
    return env;
  }

  get platforms(): readonly PlatformName[] {
    return this.#platforms;
  }

  get clock(): Clock {
    return this.#time.clock;
  }

  get virtualClock(): VirtualClock | undefined {
    return this.#time.virtualClock;
  }

  get companion(): Companion {
    return this.#life.companion;
  }

  get isRunning(): boolean {
    return this.#life.isRunning;
  }

  get isQuiet(): boolean {
    return ClockLedger.of(this.clock).isQuiet;
  }

  get companionUrl(): string {
    const { url } = this.companion;
    if (url !== undefined) return url;
    throw new Error("Cannot connect the app: 'companion.url' must be known once it has started, got none");
  }

  get logLines(): readonly string[] {
    return this.#life.logLines;
  }

  get discord(): MockDiscordServer {
    return this.#services.discord ?? missing("Discord");
  }

  get ollama(): MockOllamaServer {
    return this.#services.ollama ?? missing("language model");
  }

  get voice(): MockVoiceServer {
    return this.#services.voice ?? missing("voice");
  }

  network(service: NetworkService): FaultProxy {
    return this.#services.network.get(service) ?? missing(`the network of ${service}`);
  }

  get events(): readonly HarnessEvent[] {
    return [...this.#events];
  }

  get timings(): EnvironmentTimings {
    return { setupMs: this.#setupMs, replies: this.#witness.responseTimes };
  }

  async android(user: string): Promise<MockAndroidClient> {
    if (!this.platforms.includes("android")) missing("Android");
    return await this.#time.runSoon(this.#conversations.android(user));
  }

  async sendMessage(
    platform: PlatformName,
    user: string,
    text: string,
    options: SendMessageOptions = {},
  ): Promise<Reply> {
    if (!this.platforms.includes(platform)) missing(platform);
    const startMs = this.clock.monotonicMs();
    const number = ++this.#messages;
    this.#witness.sent(text);
    this.#note("message sent", `${platform} ${user}`);
    try {
      const answer = await this.#conversations.exchange(platform, user, text, options);
      const responseTimeMs = answer.responseTimeMs ?? this.clock.monotonicMs() - startMs;
      this.#note("reply", `${platform} ${user} after ${Math.round(responseTimeMs)} ms`);
      const reply: Reply = { platform, user, text: answer.text, responseTimeMs, at: this.clock.now() };
      this.#witness.answered(reply);
      return reply;
    } catch (error) {
      if (!(error instanceof DeadlineError)) throw error;
      this.#note("no reply", `${platform} ${user}`);
      const seen = await this.#witness.lookAround();
      throw new NoReplyError({ platform, user, number }, error.timeoutMs, seen, error);
    }
  }

  async emotions(): Promise<EmotionalState> {
    return parseEmotionalState(await this.companion.emotions()); // types end where a companion's own code begins
  }

  health(): Promise<readonly PlatformHealth[]> {
    return this.companion.health();
  }

  advance(durationMs: number): Promise<void> {
    return this.#time.advance(durationMs);
  }

  run<T>(work: Promise<T>, options: { readonly limitMs?: number } = {}): Promise<T> {
    return this.#time.run(work, options.limitMs);
  }

  async until(
    what: string,
    holds: () => boolean | Promise<boolean>,
    options: { readonly timeoutMs?: number } = {},
  ): Promise<void> {
    await this.#time.until(what, options.timeoutMs ?? 60_000, holds);
  }

  async restart(options: { readonly offMs?: number } = {}): Promise<void> {
    await this.stop();
    if (options.offMs) await this.advance(options.offMs);
    await this.start();
  }

  async crash(): Promise<void> {
    await this.#life.crash();
    this.#note("companion crashed", "");
  }

  async stop(): Promise<void> {
    await this.#life.stop();
    this.#note("companion stopped", "");
  }

  async start(): Promise<void> {
    await this.#life.start(this.#companionEnvironment(), this.#mayListen);
    this.#note("companion started", "");
  }

  async verdict(): Promise<Verdict> {
    const verdict = await this.#witness.judge();
    this.#untold = this.#untold.filter(({ message }) => !verdict.faults.includes(message));
    return verdict;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#ends.disposeAsync();
    const [first, ...others] = this.#untold.splice(0);
    if (first) throw others.length === 0 ? first : new AggregateError([first, ...others], first.message);
  }

  #companionEnvironment(): CompanionEnvironment {
    return {
      dataDirectory: this.dataDirectory,
      clock: this.clock,
      ...this.#services.access,
      initialEmotions: this.#options.initialEmotions,
    };
  }

  /** Those of all that the companion says to have. */
  async #lookForPlatforms(): Promise<void> {
    const health = await this.health();
    this.#platforms = this.#platforms.filter((platform) => health.some(({ name }) => name === platform));
  }

  #noteFault(fault: string, cause: unknown): void {
    this.#note("fault", cause instanceof Error ? cause.name : typeof cause);
    const error = new Error(fault, { cause });
    if (this.#options.onError) this.#options.onError(error);
    else this.#untold.push(error);
  }

  #note(kind: string, detail: string): void {
    this.#events.push({ at: this.clock.now(), kind, detail });
  }
}

function missing(what: string): never {
  throw new Error(`Cannot use ${what}: it must be in the environment, got one without`);
}
