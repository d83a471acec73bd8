import type { Clock } from "../../lib/base/clock.ts";
import type { PlatformHealth } from "../../lib/base/platform_health.ts";
import { systemClock } from "../../lib/base/system_clock.ts";
import type { CompanionEnvironment } from "../../lib/harness/companion.ts";
import { BreakerOpenError, CircuitBreaker } from "./circuit_breaker.ts";
import { holdBriefly } from "./hold.ts";
import { type Mind, TooBusyError } from "./mind.ts";
import { type Platform, PlatformRecord } from "./platform.ts";
import { Speaker } from "./speaker.ts";
import { Speech, SpeechError, type VoiceAccess } from "./speech.ts";
import type { Ramble, StoredMessage } from "./storage.ts";
import { type HeardUtterance, RoomLostError, type RoomListener, VoiceRoom } from "./voice_room.ts";

const FIRST_ENTRY_PATIENCE_MS = 5000;
const MIN_BACKOFF_MS = 500;
const MAX_BACKOFF_MS = 10_000;
const REFUSED_PAUSE_MS = 60_000;
const LAST_WORDS_MS = 500;
const FRESH_MS = 45_000; // three of the room's signs of life
const BUSY_REPLY = "You are faster than I can think. Please give me a moment.";
const DEAF_REPLY = "I am sorry, I did not catch that.";

/** Demi in a voice room: she listens, answers everybody, and falls silent when somebody speaks. */
export class VoicePlatform implements Platform {
  readonly name = "voice";
  readonly #access: VoiceAccess;
  readonly #clock: Clock;
  readonly #mind: Mind;
  readonly #record: PlatformRecord;
  // Two, for who can still speak should say that she cannot hear.
  readonly #hearing: CircuitBreaker;
  readonly #speaking: CircuitBreaker;
  readonly #speech: Speech;
  readonly #speaker: Speaker;
  readonly #closed = new AbortController();
  readonly #firstOutcome = Promise.withResolvers<void>();
  readonly #answering = new Set<Promise<void>>();
  #room: VoiceRoom | undefined;
  #latency: { readonly ms: number; readonly atMs: number } | undefined;
  #paused = false;

  constructor(env: CompanionEnvironment, access: VoiceAccess, mind: Mind) {
    this.#access = access;
    this.#clock = env.clock;
    this.#mind = mind;
    this.#record = new PlatformRecord(this.name, env.clock, env.observer);
    this.#hearing = new CircuitBreaker(env.clock, { failureThreshold: 5, coolDownMs: 3000 });
    this.#speaking = new CircuitBreaker(env.clock, { failureThreshold: 5, coolDownMs: 3000 });
    this.#speech = new Speech(access, env.clock);
    this.#speaker = new Speaker(env.clock, () => this.#room);
  }

  async start(): Promise<void> {
    void this.#stayInRoom();
    const { signal } = this.#closed;
    const patience = systemClock.sleep(FIRST_ENTRY_PATIENCE_MS, { signal, keepAlive: false });
    await Promise.race([this.#firstOutcome.promise, patience.catch(() => undefined)]);
  }

  health(): PlatformHealth {
    const isOnline = this.#record.status === "online";
    const latency = this.#latency;
    const isFresh = isOnline && latency && systemClock.monotonicMs() - latency.atMs <= FRESH_MS;
    const breaker = this.#hearing.state === "closed" ? this.#speaking : this.#hearing;
    return this.#record.toHealth(breaker, {
      ...(isOnline && breaker.state !== "closed" && { status: "degraded" }),
      latencyMs: isFresh ? latency.ms : undefined,
    });
  }

  addressRamble(): readonly StoredMessage[] {
    return [];
  }

  /** Resolves at once: saying it takes time on the clock, which stands still while rambles are handed out. */
  sayRamble({ content }: Ramble): Promise<void> {
    if (this.#record.status === "online" && !this.#paused) {
      const said = this.#say(content, undefined).catch((error) => this.#record.fail("say a ramble", error));
      this.#follow(holdBriefly(this.#clock, said, "ramble in the voice room")); // for an answer, who asked holds it
    }
    return Promise.resolve();
  }

  pause(): void {
    this.#paused = true;
  }

  async stop(): Promise<void> {
    this.#paused = true;
    const lastWords = systemClock.sleep(LAST_WORDS_MS, { keepAlive: false });
    await Promise.race([Promise.allSettled(this.#answering), lastWords]);
    this.#end();
    this.#room?.leave();
    await this.#speech.close();
  }

  crash(): void {
    this.#end();
    this.#room?.reset();
    void this.#speech.close();
  }

  #end(): void {
    this.#paused = true;
    this.#closed.abort();
    this.#speaker.hush();
    this.#record.status = "offline";
  }

  /** Enters the room again and again, with growing pauses, until stopped. */
  async #stayInRoom(): Promise<void> {
    const { signal } = this.#closed;
    let backoffMs = MIN_BACKOFF_MS;
    while (!signal.aborted) {
      let pause = 0;
      try {
        const entering = VoiceRoom.enter(this.#access, this.#listener());
        const room = await holdBriefly(this.#clock, entering, "entry into the voice room");
        if (signal.aborted) return room.reset();
        this.#gain(room);
        backoffMs = MIN_BACKOFF_MS;
        await room.lost;
      } catch (error) {
        if (signal.aborted) return;
        this.#lose(error);
        if (isRefusal(error)) pause = REFUSED_PAUSE_MS;
      }
      const waiting = this.#clock.sleep(Math.max(pause, backoffMs), { signal, keepAlive: false });
      await waiting.catch(() => undefined);
      backoffMs = Math.min(backoffMs * 2, MAX_BACKOFF_MS);
    }
  }

  #gain(room: VoiceRoom): void {
    this.#room = room;
    this.#record.touch();
    this.#record.status = "online";
    this.#speaker.release();
    this.#firstOutcome.resolve();
  }

  #lose(error: unknown): void {
    this.#room = undefined;
    this.#record.fail("stay in the voice room", error);
    this.#record.status = "offline";
    this.#speaker.release(); // who spoke there is not heard any more
    this.#firstOutcome.resolve();
  }

  #listener(): RoomListener {
    return {
      onTouch: () => this.#record.touch(),
      onLatency: (ms) => (this.#latency = { ms, atMs: systemClock.monotonicMs() }),
      onUserSpeaks: () => this.#speaker.hush(),
      onUserStopped: () => this.#speaker.release(),
      onUtterance: (utterance) => this.#follow(this.#receive(utterance)),
      onGarbage: (error) => this.#record.fail("read a frame of the voice room", error),
    };
  }

  #follow(work: Promise<void>): void {
    this.#answering.add(work);
    void work.finally(() => this.#answering.delete(work));
  }

  async #receive(utterance: HeardUtterance): Promise<void> {
    if (this.#paused) return;
    const startedAt = this.#clock.monotonicMs();
    let isAnswered = false;
    const onAnswer = (): void => {
      isAnswered = true; // from its first word: what follows is no delay
      this.#record.handled(startedAt, true);
    };
    try {
      await this.#answer(utterance, onAnswer);
    } catch (error) {
      this.#record.fail("answer what was said", error);
      if (isAnswered) return;
      this.#record.handled(startedAt, false);
      await this.#apologize(error, utterance);
    }
  }

  async #answer({ user, itemId, pcm }: HeardUtterance, onAnswer: () => void): Promise<void> {
    const text = await this.#hearing.run(() => this.#speech.transcribe(pcm));
    if (text === "") return this.#room?.skipReply(itemId); // a cough, a door
    let content = "";
    const incoming = { platform: this.name, conversationId: `voice:${user}`, text };
    await this.#mind.answer(incoming, ({ reply }) => {
      content = reply.content;
      return Promise.resolve();
    });
    await this.#say(content, itemId, onAnswer);
  }

  /** Never silence, where she can speak; where she cannot, the others know at least that nothing will come. */
  async #apologize(error: unknown, { itemId }: HeardUtterance): Promise<void> {
    const isDeaf = error instanceof SpeechError || error instanceof BreakerOpenError;
    const words = error instanceof TooBusyError ? BUSY_REPLY : isDeaf ? DEAF_REPLY : undefined;
    try {
      if (words !== undefined && this.#speaking.state === "closed") await this.#say(words, itemId);
      else this.#room?.skipReply(itemId);
    } catch (second) {
      this.#record.note("apologize", second);
      this.#room?.skipReply(itemId);
    }
  }

  async #say(text: string, inReplyTo: string | undefined, onStart?: () => void): Promise<void> {
    const pcm = await this.#speaking.run(() => this.#speech.synthesize(text));
    await this.#speaker.say({ pcm, inReplyTo, ...(onStart && { onStart }) });
  }
}

/** Whether the room does not know the token. */
function isRefusal(error: unknown): boolean {
  return error instanceof RoomLostError && error.code === "HTTP 401";
}
