import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock } from "../base/clock.ts";
import { DeadlineError } from "../base/deadline.ts";
import type { PlatformHealth } from "../base/platform_health.ts";
import { SeededRandom } from "../base/random.ts";
import { RingBuffer } from "../base/ring_buffer.ts";
import type { VirtualClock } from "../base/virtual_clock.ts";
import type { EmotionalState } from "../emotion/emotional_state.ts";
import type { MockAndroidClient } from "../mocks/android/mock_android_client.ts";
import type { MockDiscordServer } from "../mocks/discord/mock_discord_server.ts";
import { FaultLog } from "../mocks/faults/fault_log.ts";
import type { MockOllamaServer } from "../mocks/ollama/mock_ollama_server.ts";
import type { MockVoiceServer } from "../mocks/voice/mock_voice_server.ts";
import { Conversations, NoReplyError } from "./_conversations.ts";
import { Services } from "./_services.ts";
import { EnvironmentTime } from "./_time.ts";
import { judge, type Watcher } from "./_verdict.ts";
import type { Companion, CompanionEnvironment } from "./companion.ts";
import type {
  PlatformName,
  Reply,
  SendMessageOptions,
  TestEnvironment,
  TestEnvironmentOptions,
  Verdict,
} from "./environment.ts";
import type { HarnessEvent } from "./event_log.ts";

const EVENTS_KEPT = 10_000;
const PLATFORMS: readonly PlatformName[] = ["discord", "android"];

/** The one implementation of {@linkcode TestEnvironment}. */
export class LiveEnvironment implements TestEnvironment {
  readonly seed: string;
  readonly random: SeededRandom;
  readonly dataDirectory: string;
  readonly platforms: readonly PlatformName[];
  readonly hasLlm: boolean;
  readonly faultLog: FaultLog;
  readonly #options: TestEnvironmentOptions;
  readonly #time: EnvironmentTime;
  readonly #services: Services;
  readonly #conversations: Conversations;
  readonly #events = new RingBuffer<HarnessEvent>(EVENTS_KEPT);
  readonly #ends = new AsyncDisposableStack();
  #companion: Companion;
  #isRunning = false;
  #following: Disposable | undefined;
  #replies = 0;
  #listenPort = 0;

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
    this.#companion = companion;
    this.#time = basis.time;
    this.#services = basis.services;
    this.seed = String(options.seed ?? "demi-health");
    this.random = basis.random;
    this.faultLog = basis.faultLog;
    this.platforms = basis.platforms;
    this.dataDirectory = basis.dataDirectory;
    this.hasLlm = options.hasLlm ?? true;
    this.#conversations = new Conversations(
      basis.services,
      basis.time,
      () => this.#url(),
      (error) => this.#note("app error", error instanceof Error ? error.message : String(error)),
    );
  }

  static async start(options: TestEnvironmentOptions): Promise<LiveEnvironment> {
    const { seed = "demi-health", platforms = PLATFORMS } = options;
    options.signal?.throwIfAborted();
    const companion = options.companion();
    const canBeVirtual = !companion.keepsOwnTime || companion.advance !== undefined;
    const time = new EnvironmentTime(options.time ?? (canBeVirtual ? "virtual" : "system"));
    const random = new SeededRandom(seed);
    const faultLog = new FaultLog({ clock: time.clock });
    await using starting = new AsyncDisposableStack();
    const dataDirectory = options.dataDirectory ?? (await mkdtemp(join(tmpdir(), "demi-health-")));
    if (options.dataDirectory === undefined) {
      starting.defer(() => rm(dataDirectory, { recursive: true, force: true }));
    }
    const basis = { clock: time.clock, random, faultLog };
    const services = starting.use(await Services.start(platforms, basis, options));
    const parts = { time, random, faultLog, services, platforms, dataDirectory };
    const env = new LiveEnvironment(options, companion, parts);
    starting.defer(() => env.stop());
    starting.use(env.#conversations);
    await env.start();
    env.#ends.use(starting.move());
    return env;
  }

  get clock(): Clock {
    return this.#time.clock;
  }

  get virtualClock(): VirtualClock | undefined {
    return this.#time.virtualClock;
  }

  get companion(): Companion {
    return this.#companion;
  }

  get isRunning(): boolean {
    return this.#isRunning;
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

  get events(): readonly HarnessEvent[] {
    return [...this.#events];
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
    this.#note("message sent", `${platform} ${user}`);
    try {
      const read = await this.#conversations.exchange(platform, user, text, options);
      const responseTimeMs = this.clock.monotonicMs() - startMs;
      this.#replies++;
      this.#note("reply", `${platform} ${user} after ${Math.round(responseTimeMs)} ms`);
      return { platform, user, text: read, responseTimeMs, at: this.clock.now() };
    } catch (error) {
      if (!(error instanceof DeadlineError)) throw error;
      throw new NoReplyError(platform, user, error.timeoutMs, await this.#describe(platform), error);
    }
  }

  emotions(): Promise<EmotionalState> {
    return this.#companion.emotions();
  }

  health(): Promise<readonly PlatformHealth[]> {
    return this.#companion.health();
  }

  advance(durationMs: number): Promise<void> {
    return this.#time.advance(durationMs);
  }

  run<T>(work: Promise<T>): Promise<T> {
    return this.#time.run(work);
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
    if (!this.#isRunning) return;
    this.#leave();
    await this.#time.runSoon(this.#companion.crash());
    this.#note("companion crashed", "");
  }

  async stop(): Promise<void> {
    if (!this.#isRunning) return;
    this.#leave();
    await this.#time.runSoon(this.#companion.stop());
    this.#note("companion stopped", "");
  }

  async start(): Promise<void> {
    if (this.#isRunning) throw new Error("Cannot start companion: it must be off, got one that runs");
    if (this.#events.length > 0) this.#companion = this.#options.companion();
    this.#listenPort ||= this.#companion.keepsOwnTime ? await freePort() : 0;
    await this.#time.runSoon(this.#companion.start(this.#companionEnvironment()));
    this.#isRunning = true;
    this.#following =
      this.#companion.advance && this.virtualClock?.follow((ms) => this.#companion.advance!(ms));
    this.#listenPort = Number(URL.parse(this.#companion.url ?? "")?.port ?? 0);
    this.#note("companion started", "");
  }

  async verdict(): Promise<Verdict> {
    const clients = await this.#conversations.clients();
    const { discord, ollama, voice } = this.#services;
    const all = [discord, ollama, voice, ...clients].filter((each) => each !== undefined);
    const watched: readonly Watcher[] = all as readonly object[];
    const emotions = this.#isRunning ? await this.emotions().catch(() => undefined) : undefined;
    return judge({ watched, replies: this.#replies, emotions });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#ends.disposeAsync();
  }

  #leave(): void {
    this.#isRunning = false;
    this.#following?.[Symbol.dispose]();
  }

  #companionEnvironment(): CompanionEnvironment {
    const listens = this.platforms.includes("android");
    return {
      dataDirectory: this.dataDirectory,
      clock: this.clock,
      ...this.#services.access,
      // the same port after a restart, as an app knows its companion by its address
      listen: listens ? { host: "127.0.0.1", port: this.#listenPort } : undefined,
      initialEmotions: this.#options.initialEmotions,
    };
  }

  #url(): string {
    const { url } = this.#companion;
    if (url !== undefined) return url;
    throw new Error("Cannot connect the app: 'companion.url' must be known once it has started, got none");
  }

  async #describe(platform: PlatformName): Promise<string> {
    const all = await this.health().catch(() => []);
    const health = all.find(({ name }) => name === platform);
    if (!health) return `the companion says nothing of ${platform}`;
    const { status, error } = health;
    return `the companion says that ${platform} is ${status}${error === undefined ? "" : ` (${error})`}`;
  }

  #note(kind: string, detail: string): void {
    this.#events.push({ at: this.clock.now(), kind, detail });
  }
}

/** A port that is free now, for a process that must be told one. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function missing(what: string): never {
  throw new Error(`Cannot use ${what}: it must be in the environment, got one without`);
}
