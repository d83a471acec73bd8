import { Hono } from "hono";
import type { PlatformHealth } from "../../lib/base/platform_health.ts";
import { systemClock } from "../../lib/base/system_clock.ts";
import type { EmotionalState } from "../../lib/emotion/emotional_state.ts";
import type {
  Companion,
  CompanionEnvironment,
  CompanionFactory,
  CompanionObserver,
} from "../../lib/harness/companion.ts";
import { Accounts } from "./accounts.ts";
import { AndroidPlatform } from "./android_platform.ts";
import { androidRoutes } from "./android_routes.ts";
import { DiscordPlatform } from "./discord_platform.ts";
import { controlRoutes, type TimeControl } from "./control_routes.ts";
import type { DemiState } from "./emotions.ts";
import { Heart } from "./heart.ts";
import { HttpServer } from "./http_server.ts";
import { type LeakName, plantLeak } from "./leaks.ts";
import { Llm } from "./llm.ts";
import { Mind } from "./mind.ts";
import { describeError, type Platform } from "./platform.ts";
import { Rambler } from "./rambler.ts";
import { statusRoutes, type StatusSources } from "./status_routes.ts";
import { type Ramble, Storage } from "./storage.ts";
import { Vitals } from "./vitals.ts";
import { VoicePlatform } from "./voice_platform.ts";

const THINKING_GRACE_MS = 500;
const FALLBACK_GRACE_MS = 300;

/** The parts of a Demi that is awake. */
interface Parts {
  readonly env: CompanionEnvironment;
  readonly storage: Storage;
  readonly heart: Heart;
  readonly llm: Llm;
  readonly mind: Mind;
  readonly platforms: readonly Platform[];
  readonly server: HttpServer | undefined;
}

/**
 * A small but real companion: she feels, thinks with a local language model, talks on Discord, Android and in a voice room, and keeps
 * what she knows in one SQLite file. What the library watches is tried on her; with the library she shares nothing
 * but its clock and its types.
 */
export class PocketDemi implements Companion {
  readonly keepsStateInData = true;
  #parts: Parts | undefined;
  readonly #control: TimeControl | undefined;
  readonly #leak: LeakName | undefined;
  #fault: string | undefined;

  /**
   * @param control Offers `POST /api/test/advance` to those who know its token.
   * @param leak What she loses memory by, to see how it is found.
   */
  constructor(control?: TimeControl, leak?: LeakName) {
    this.#control = control;
    this.#leak = leak;
  }

  /** Address of her HTTP interface while she is awake and was told to listen. */
  get url(): string | undefined {
    return this.#parts?.server?.url;
  }

  /**
   * Wakes her up. A platform or a language model that is not there does not keep her from it.
   *
   * @throws {StorageCorruptError} If her database is damaged; it was set aside, and the next start begins anew.
   * @throws {StorageUnavailableError} If the data directory is not writable or another Demi lives in it.
   * @throws {ListenError} If her address cannot be had.
   */
  async start(env: CompanionEnvironment): Promise<void> {
    if (this.#parts) throw new Error("Cannot start pocket Demi: she must be asleep, got one that is awake");
    const parts = await this.#wake(env);
    this.#parts = parts;
    await Promise.all(parts.platforms.map((platform) => platform.start()));
  }

  async stop(): Promise<void> {
    const parts = this.#take();
    if (!parts) return;
    using storage = parts.storage;
    for (const platform of parts.platforms) platform.pause();
    await finishThoughts(parts);
    parts.heart.stop();
    await Promise.all(parts.platforms.map((platform) => platform.stop()));
    await parts.server?.close();
    await parts.llm.close();
    storage.saveState(parts.heart.state);
    storage.closeForSleep();
  }

  async crash(): Promise<void> {
    const parts = this.#take();
    if (!parts) return;
    parts.heart.stop();
    parts.storage[Symbol.dispose](); // first: nothing may be saved any more; open transactions are lost
    for (const platform of parts.platforms) platform.crash();
    await Promise.all([parts.server?.reset(), parts.llm.close()]);
  }

  emotions(): Promise<EmotionalState> {
    return Promise.resolve(this.#awake().heart.toEmotionalState());
  }

  health(): Promise<readonly PlatformHealth[]> {
    return Promise.resolve(this.#awake().platforms.map((platform) => platform.health()));
  }

  async #wake(env: CompanionEnvironment): Promise<Parts> {
    await using undo = new AsyncDisposableStack();
    const vitals = new Vitals(env.dataDirectory);
    const watched = { ...env, observer: watchResponses(env, vitals) };
    const storage = undo.use(Storage.open(env.dataDirectory, env.clock));
    const heart = new Heart(storage, env.clock, env.initialEmotions, (state) => void ramble(state));
    undo.defer(() => heart.stop());
    const llm = new Llm(watched);
    undo.defer(() => llm.close());
    const mind = new Mind(storage, heart, llm, env.clock, this.#leak && plantLeak(this.#leak, env.clock));
    const accounts = new Accounts(storage, env.clock);
    const android = env.listen && new AndroidPlatform(watched, mind, storage, accounts);
    const discord = env.discord && new DiscordPlatform(watched, env.discord, mind);
    const voice = env.voice && new VoicePlatform(watched, env.voice, mind);
    const platforms = [discord, android, voice].filter((platform) => platform !== undefined);
    const rambler = new Rambler(storage, llm, env.clock, (thought) => this.#say(thought, storage, platforms));
    const ramble = (state: DemiState): Promise<void> =>
      rambler.consider(state).catch((error) => this.#blame(error));
    const app = new Hono();
    const sources: StatusSources = {
      clock: env.clock,
      storage,
      vitals,
      emotions: () => heart.toEmotionalState(),
      platforms: () => platforms.map((platform) => platform.health()),
      fault: () => heart.error ?? this.#fault,
    };
    app.route("/api", statusRoutes(sources));
    if (this.#control) app.route("/api/test", controlRoutes(this.#control));
    if (android)
      app.route(
        "/api/v1/auth",
        androidRoutes(accounts, (id) => android.signOut(id)),
      );
    const server =
      android && (await HttpServer.listen(env.listen, app.fetch, (...args) => android.upgrade(...args)));
    undo.move();
    return { env, storage, heart, llm, mind, platforms, server };
  }

  #say(ramble: Ramble, storage: Storage, platforms: readonly Platform[]): void {
    const addressed = platforms.map((platform) => ({ platform, messages: platform.addressRamble(ramble) }));
    storage.commitRamble(
      ramble,
      addressed.flatMap(({ messages }) => messages),
    );
    this.#fault = undefined;
    const clock = this.#parts?.env.clock ?? systemClock;
    for (const { platform, messages } of addressed) {
      const said = platform.sayRamble(ramble, messages).catch((error) => this.#blame(error));
      void clock.track(said, `ramble on ${platform.name}`);
    }
  }

  #blame(error: unknown): void {
    if (this.#parts) this.#fault = `Cannot speak unprompted: ${describeError(error)}`;
  }

  /** Takes the parts away, so that stopping or crashing twice does nothing. */
  #take(): Parts | undefined {
    const parts = this.#parts;
    this.#parts = undefined;
    return parts;
  }

  #awake(): Parts {
    if (!this.#parts)
      throw new Error("Cannot look at pocket Demi: she must be awake, got one that is not started");
    return this.#parts;
  }
}

/** Waits for the answers that are under way; those that take too long are given without the language model. */
async function finishThoughts({ mind, llm }: Parts): Promise<void> {
  const grace = (ms: number): Promise<void> => systemClock.sleep(ms, { keepAlive: false });
  await Promise.race([mind.idle(), grace(THINKING_GRACE_MS)]);
  llm.abort();
  await Promise.race([mind.idle(), grace(FALLBACK_GRACE_MS)]);
}

/** The observer of the environment, with the response times noted on the way. */
function watchResponses({ observer }: CompanionEnvironment, vitals: Vitals): CompanionObserver {
  return {
    llmCall: (call) => observer?.llmCall?.(call),
    messageHandled: (message) => {
      vitals.addResponseTime(message.responseTimeMs);
      observer?.messageHandled?.(message);
    },
  };
}

/** Makes a pocket Demi that has not started. */
export const pocketDemi: CompanionFactory = () => new PocketDemi();
