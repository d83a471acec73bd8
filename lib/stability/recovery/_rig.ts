import { chown, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DeadlineError } from "../../base/deadline.ts";
import { systemClock } from "../../base/system_clock.ts";
import { EMOTION_NAMES, type EmotionalState, mapEmotions } from "../../emotion/emotional_state.ts";
import type { AgeingBounds } from "../../harness/expected_ageing.ts";
import type { CompanionFactory } from "../../harness/companion.ts";
import type { PlatformName, TestEnvironment } from "../../harness/environment.ts";
import { CHATTING, until } from "../../harness/scenarios/_observe.ts";
import { type CodedMessage, scripted, SENTENCES, Talk } from "../../harness/scenarios/_talk.ts";
import type { MockAndroidClient } from "../../mocks/android/mock_android_client.ts";
import type { ViolationRule } from "../../mocks/violations.ts";
import { readMessageText } from "../../mocks/discord/discord_types.ts";
import { testEnvironment } from "../../harness/test_environment.ts";
import type { EmotionPassage, SentMessage } from "../history_checker.ts";
import type { AgeingModel } from "./ageing_model.ts";
import type { FileLayer, WatchedFiles } from "./file_layer.ts";
import { Hindrance, toSentence } from "./_hindrance.ts";
import { Surroundings } from "./_subject.ts";

/** What a round of a case is made of. */
export interface RigOptions {
  readonly companion: CompanionFactory;
  readonly seed: string;
  readonly ageing: AgeingModel;
  readonly startTries?: number | undefined;
  /** Puts the file layer between the companion and its files. */
  readonly layer?: FileLayer | undefined;
  /** Where it lives, of somebody else's making. */
  readonly dataDirectory?: string | undefined;
  /** Violations that what is done here brings about by itself. */
  readonly provokes?: readonly ViolationRule[] | undefined;
  /** As whom its process runs. */
  readonly user?: { readonly uid: number; readonly gid: number } | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A message, as it was sent, with what is known of it. */
export interface Said extends SentMessage, CodedMessage {
  acknowledgedAt: number | undefined;
  /** Whether it need not be known any more, although it was answered. */
  isForgiven?: boolean;
}

/** Emotions at a moment. */
export interface Sample {
  readonly state: EmotionalState;
  /** On the companion's wall clock, as the time at which somebody spoke to it last. */
  readonly at: number;
  readonly lastInteractionMs: number;
}

/** How emotions are compared. */
export interface CompareOptions {
  /** When it was started after it was off. */
  readonly offUntilMs?: number | undefined;
  /** Whether somebody may have said something that moves nothing. */
  readonly maySpeak?: boolean | undefined;
  /** What it felt at the moment that it was killed, where that may have been saved, and may not. @default `before` */
  readonly or?: Sample | undefined;
  /** @default that of the rig */
  readonly ageing?: AgeingModel | undefined;
}

const RETURN_MS = 120_000;
const REPLY_MS = 60_000;

/** A companion with its users, that is disturbed and looked after. */
export class Rig implements AsyncDisposable {
  readonly env: TestEnvironment;
  readonly talk: Talk;
  readonly surroundings: Surroundings;
  readonly files: WatchedFiles | undefined;
  readonly said: Said[] = [];
  readonly passages: EmotionPassage[] = [];
  /** Real milliseconds from each start until everybody was answered again. */
  readonly recoveriesMs: number[] = [];
  /** What is wrong beside what the history shows, one sentence each. */
  readonly complaints: string[] = [];
  /** What it said when it did not start, although it was allowed not to. */
  readonly startErrors: string[] = [];
  /** What the very first start wrote and synced; 0 where that cannot be seen. */
  readonly operationsOfFirstStart: number;
  readonly #ageing: AgeingModel;
  readonly #ends: AsyncDisposableStack;
  readonly #phones = new Map<string, MockAndroidClient>();
  readonly #recalling = new Set<string>();
  #lastInteractionMs: number;
  #startedAtMs: number;

  private constructor(
    env: TestEnvironment,
    parts: Pick<Rig, "talk" | "surroundings" | "files">,
    ageing: AgeingModel,
    ends: AsyncDisposableStack,
  ) {
    this.env = env;
    this.talk = parts.talk;
    this.surroundings = parts.surroundings;
    this.files = parts.files;
    this.#ageing = ageing;
    this.#ends = ends;
    this.#lastInteractionMs = this.now;
    this.#startedAtMs = this.now;
    this.operationsOfFirstStart = parts.files?.operations ?? 0;
  }

  /** A companion that has started for the first time. @throws {Hindrance} If it does not. */
  static async open(options: RigOptions): Promise<Rig> {
    const { companion, seed, layer, signal } = options;
    await using ends = new AsyncDisposableStack();
    const dataDirectory = options.dataDirectory ?? (await mkdtemp(join(tmpdir(), "demi-recovery-")));
    if (options.dataDirectory === undefined) {
      ends.defer(() => rm(dataDirectory, { recursive: true, force: true, maxRetries: 3 }));
    }
    const files = layer && ends.use(await layer.watch(dataDirectory));
    const [surroundings, talk] = [new Surroundings(), new Talk()];
    surroundings.process = { ...files?.settings, ...options.user };
    if (options.user) await chown(dataDirectory, options.user.uid, options.user.gid);
    try {
      const env = await testEnvironment({
        ...scripted(talk),
        companion: surroundings.around(companion),
        seed,
        dataDirectory,
        signal,
        onError: () => undefined, // its verdict says it, too
      });
      ends.use(env);
      if (files && files.loaded === 0) throw layerIgnored(env);
      return new Rig(env, { talk, surroundings, files }, options.ageing, ends.move());
    } catch (error) {
      if (error instanceof Hindrance || signal?.aborted) throw error;
      throw new Hindrance(
        "not-enough-evidence",
        `it did not start before anything was done to it: ${toSentence(error)}`,
        error,
      );
    }
  }

  /** Those of its platforms on which what is said can be read again. */
  get platforms(): readonly PlatformName[] {
    return this.env.platforms.filter((platform) => platform !== "voice");
  }

  /** The companion's wall clock. */
  get now(): number {
    return this.env.clock.now() + this.surroundings.clockOffsetMs;
  }

  /** When it was started last, on its wall clock: until then it was off. */
  get startedAtMs(): number {
    return this.#startedAtMs;
  }

  /** Whether it is a process of its own. */
  get isProcess(): boolean {
    return this.env.companion.keepsOwnTime === true;
  }

  /** Whatever goes wrong in here was not brought about by anything that was done to the companion. */
  async prepare<T>(work: () => Promise<T>): Promise<T> {
    try {
      if (this.platforms.length === 0) {
        const named = (await this.env.health()).map(({ name }) => name).join(", ") || "none";
        throw new Hindrance(
          "not-possible",
          `it has no platform on which its replies can be read again: its health must name discord or android, got ${named}`,
        );
      }
      if (!this.env.hasLlm) throw new Hindrance("not-possible", "it needs a language model");
      return await work();
    } catch (error) {
      if (error instanceof Hindrance) throw error;
      const why = `it did not answer before anything was done to it: ${toSentence(error)}`;
      throw new Hindrance("not-enough-evidence", why, error);
    }
  }

  /** Moves its emotions, and says things that must not be forgotten, on each platform. */
  async converse(user: string = "ada"): Promise<void> {
    await this.prepare(async () => {
      for (const platform of this.platforms) {
        for (const sentence of [SENTENCES.unkind, SENTENCES.kind]) await this.say(platform, user, sentence);
      }
    });
  }

  /**
   * A user says something and reads the answer.
   *
   * @throws {AssertionError} If there is none, or another than the model gave.
   */
  async say(
    platform: PlatformName,
    user: string,
    sentence?: string,
    timeoutMs: number = REPLY_MS,
  ): Promise<Said> {
    const said = this.#note(platform, user, sentence);
    if (platform === "android") await this.#phone(user);
    const { text } = await this.talk.send(this.env, platform, user, said, { timeoutMs });
    if (!text.includes(said.answer) && !(await this.#comesYet(said))) {
      throw new Error(
        `${user} on ${platform} must get the answer of the model, got ${JSON.stringify(text.slice(0, 80))}`,
      );
    }
    this.#noteRecall(said);
    await this.acknowledge(said);
    return said;
  }

  /** Whether it was ever seen to tell its model what was said there before: who never does has nothing to forget. */
  recalls(platform: PlatformName): boolean {
    return platform === "android" || this.#recalling.has(platform);
  }

  #noteRecall({ platform, user, word }: Said): void {
    const prompt = this.talk.model.promptAbout(word)?.all ?? "";
    const isEarlier = (each: Said): boolean =>
      each.platform === platform && each.user === user && each.word !== word;
    if (this.said.some((each) => isEarlier(each) && prompt.includes(each.word)))
      this.#recalling.add(platform);
  }

  /** A user says something and does not wait. */
  async mention(platform: PlatformName, user: string, sentence?: string): Promise<Said> {
    const said = this.#note(platform, user, sentence);
    this.talk.know(platform, user);
    if (platform === "discord") this.env.discord.sendDM(user, said.text);
    else (await this.#phone(user)).send(said.text);
    return said;
  }

  /** Notes whether a message that was mentioned has been answered meanwhile; the companion may be dead by now. */
  acknowledgeIfAnswered(said: Said): boolean {
    const { user, platform, answer } = said;
    const read =
      platform === "discord"
        ? this.env.discord.directMessages(user).map(readMessageText)
        : (this.#phones.get(user)?.messages ?? []).map(({ content }) => content);
    const isAnswered = read.some((text) => text.includes(answer));
    if (isAnswered && !said.isForgiven) said.acknowledgedAt ??= this.now;
    return isAnswered;
  }

  /** Nothing that was said so far is owed any more, from the `from`th message on. */
  forgive(from: number = 0): void {
    for (const said of this.said.slice(from)) {
      said.acknowledgedAt = undefined;
      said.isForgiven = true;
    }
  }

  async acknowledge(said: Said): Promise<void> {
    said.acknowledgedAt = this.now;
    this.#lastInteractionMs = (await this.env.emotions()).lastUpdated || this.now;
  }

  async sample(): Promise<Sample> {
    return { state: await this.env.emotions(), at: this.now, lastInteractionMs: this.#lastInteractionMs };
  }

  /** Looks whether emotions are what they had to become since `before`, or since the other moment that may have been saved. */
  async compare(where: string, before: Sample, options: CompareOptions = {}): Promise<void> {
    const { offUntilMs, maySpeak = false, ageing = this.#ageing, or = before } = options;
    const { state } = await this.sample();
    if (maySpeak && isSame(before.state, state)) {
      this.passages.push({ where, before: before.state, after: state });
      return;
    }
    const age = (from: Sample): ReturnType<AgeingModel> =>
      ageing({
        before: from.state,
        after: state,
        fromMs: from.at,
        toMs: this.now,
        lastInteractionMs: from.lastInteractionMs,
        offUntilMs,
      });
    const [one, other] = [age(before), age(or)];
    const { min, max } = isSame(before.state, or.state) ? one : union(one, other);
    const shared = { where, before: before.state, after: state };
    this.passages.push({ ...shared, min, max });
    const { momentum } = one;
    if (!momentum || !isSame(before.state, or.state)) return;
    this.passages.push({
      where: `${where}: momentum`,
      before: { ...before.state, ...before.state.momentum },
      after: { ...state, ...state.momentum },
      min: momentum,
      max: momentum,
    });
  }

  /**
   * Starts the companion, and waits until everybody is answered again.
   *
   * @param tries How often it may end at once and be started again, as who looks after it would.
   * @param meanwhile Called when it has started, before anybody speaks to it.
   * @throws {AssertionError} If it does not come back.
   */
  async recover(
    options: { readonly tries?: number; readonly meanwhile?: (() => Promise<void>) | undefined } = {},
  ): Promise<void> {
    const startMs = systemClock.monotonicMs();
    await this.start(options.tries);
    await options.meanwhile?.();
    for (const platform of this.platforms) await until(this.env, platform, CHATTING, "afterwards", RETURN_MS);
    for (const platform of this.platforms) await this.say(platform, "ada");
    this.recoveriesMs.push(systemClock.monotonicMs() - startMs);
  }

  async start(tries: number = 1): Promise<void> {
    for (let left = tries; ; left--) {
      this.#startedAtMs = this.now;
      try {
        await this.env.start();
        return;
      } catch (error) {
        this.startErrors.push(toSentence(error));
        if (left > 1) continue;
        const count = tries === 1 ? "" : ` ${tries} times`;
        throw new Error(`it did not start again${count}: ${toSentence(error)}`, { cause: error });
      }
    }
  }

  /**
   * Lets time pass while the companion is off: on a virtual clock, or, for one that lives on real time, by setting the
   * clock of its next process.
   *
   * @throws {Hindrance} Where neither is possible.
   */
  async passTimeOff(durationMs: number): Promise<void> {
    if (this.env.virtualClock) await this.env.advance(durationMs);
    else this.setClock(this.surroundings.clockOffsetMs + durationMs);
  }

  /** Sets the wall clock of the companion so far from the true one. @throws {Hindrance} Where that cannot be. */
  setClock(offsetMs: number): void {
    if (!this.env.virtualClock && !this.files) {
      const why =
        "it lives on real time, and its clock can only be set by the file layer: days would have to be waited for";
      throw new Hindrance("not-possible", why);
    }
    if (this.files && !this.env.virtualClock) this.files.clockOffsetMs = offsetMs;
    this.surroundings.clockOffsetMs = offsetMs;
  }

  /** Waits until the process has died of the file layer, or `isOver`; time passes meanwhile. */
  async untilKilled(isOver: () => boolean = () => false): Promise<boolean> {
    const { files } = this;
    const holds = (): boolean => files!.hasKilled || isOver();
    await this.env.until("it dies", holds, { timeoutMs: REPLY_MS }).catch((error: unknown) => {
      if (!(error instanceof DeadlineError)) throw error;
    });
    return files!.hasKilled;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#ends.disposeAsync();
  }

  async #phone(user: string): Promise<MockAndroidClient> {
    const phone = await this.env.android(user);
    this.#phones.set(user, phone);
    return phone;
  }

  #note(platform: PlatformName, user: string, sentence?: string): Said {
    const coded = this.talk.code(this.env, sentence);
    const said = { ...coded, id: coded.word, user, platform, acknowledgedAt: undefined };
    this.said.push(said);
    return said;
  }

  /** A companion may say something of its own accord first. */
  async #comesYet(said: Said): Promise<boolean> {
    const holds = (): boolean => this.acknowledgeIfAnswered(said);
    try {
      await this.env.until("the answer comes", holds, { timeoutMs: 10_000 });
      return true;
    } catch (error) {
      if (error instanceof DeadlineError) return false;
      throw error;
    }
  }
}

function isSame(one: EmotionalState, other: EmotionalState): boolean {
  return EMOTION_NAMES.every((name) => Math.abs(one[name] - other[name]) <= 1e-6);
}

function union(one: AgeingBounds, other: AgeingBounds): AgeingBounds {
  return {
    min: mapEmotions((name) => Math.min(one.min[name], other.min[name])),
    max: mapEmotions((name) => Math.max(one.max[name], other.max[name])),
  };
}

function layerIgnored({ companion }: TestEnvironment): Hindrance {
  const why = companion.keepsOwnTime
    ? "the file layer was not loaded into its process: it must be started with the variables of `env.process`, and use the C library"
    : "it needs a companion that is a process of its own, as processCompanion makes them";
  return new Hindrance("not-possible", why);
}
