import type { Clock } from "../../base/clock.ts";
import { systemClock } from "../../base/system_clock.ts";
import type { ClockHold, ClockLedger } from "../_clock_ledger.ts";
import { lend } from "../_lend_in_steps.ts";
import { joinPieces, listenTo } from "./_listen.ts";
import { SAMPLE_RATE } from "./_tone_code.ts";
import type { VoiceReply } from "./voice_options.ts";

// Sums of times differ in their last bits: a frame that is due when the last one ends must not come too late.
const SLACK_MS = 5;
// A companion whose next frame is not there by then waits for its clock, too.
const QUIET_MS = 20;
const LENT_MS = 100;
const LENT_RATIO = 0.25; // of the silence so far, so that a long one is soon over
/** Silence after which a reply without its end is over. */
const LONGEST_GAP_MS = 10_000;
const MAX_SAMPLES = 600 * SAMPLE_RATE;

/** How a reply ended: heard whole, spoken into by a user, cut with its connection, or never ended by the companion. */
export type ReplyEnd = "whole" | "interrupted" | "lost" | "unfinished";

/** What is needed to hear a reply. */
export interface HeardReplyOptions {
  readonly itemId: string;
  readonly inReplyTo: string | undefined;
  readonly clock: Clock;
  readonly ledger: ClockLedger;
  /** Holds the clock until the reply has been heard. */
  readonly hold: ClockHold;
  readonly onEnd: (reply: HeardReply, end: ReplyEnd) => void;
}

/**
 * What a companion says, as the room hears it: frame after frame in the time that they last, however fast they come.
 * A virtual clock goes on only as far as audio has arrived.
 */
export class HeardReply {
  readonly itemId: string;
  readonly inReplyTo: string | undefined;
  readonly startedAt: number;
  readonly #options: HeardReplyOptions;
  readonly #clock: Clock;
  readonly #startMs: number;
  readonly #frames: Int16Array[] = [];
  #samples = 0;
  #heardUntilMs: number;
  #interruptedAtMs: number | undefined;
  #isStopped = false;
  #end: ReplyEnd | undefined;
  #changed = Promise.withResolvers<void>();
  readonly #ceased = Promise.withResolvers<void>();

  constructor(options: HeardReplyOptions) {
    const { itemId, inReplyTo, clock } = options;
    this.itemId = itemId;
    this.inReplyTo = inReplyTo;
    this.#options = options;
    this.#clock = clock;
    this.startedAt = clock.now();
    this.#startMs = clock.monotonicMs();
    this.#heardUntilMs = this.#startMs;
    void this.#play();
  }

  /** Whether it is being heard. */
  get isPlaying(): boolean {
    return this.#end === undefined;
  }

  /** Resolves when the companion says that it has stopped, or is gone. */
  get ceased(): Promise<void> {
    return this.#ceased.promise;
  }

  /** Audio of the companion; says how many milliseconds after an interruption it came, 0 if there was none. */
  push(samples: Int16Array): number {
    const nowMs = this.#clock.monotonicMs();
    if (this.#interruptedAtMs !== undefined) return nowMs - this.#interruptedAtMs;
    if (this.#end !== undefined || this.#samples > MAX_SAMPLES) return 0;
    this.#frames.push(samples);
    this.#samples += samples.length;
    this.#heardUntilMs = Math.max(this.#heardUntilMs, nowMs) + (samples.length / SAMPLE_RATE) * 1000;
    this.#wake();
    return 0;
  }

  /** The companion has said all; it is heard to its end. */
  stop(): void {
    this.#isStopped = true;
    this.#ceased.resolve();
    this.#wake();
  }

  /** Its connection is gone; what was sent whole is heard to its end. */
  lose(): void {
    this.#ceased.resolve();
    if (!this.#isStopped) this.end("lost");
  }

  /** Ends it now. What was not heard yet is not heard any more. */
  end(end: ReplyEnd): void {
    if (this.#end !== undefined) return;
    const nowMs = this.#clock.monotonicMs();
    const unheard = Math.round((Math.max(0, this.#heardUntilMs - nowMs) / 1000) * SAMPLE_RATE);
    this.#samples = Math.max(0, this.#samples - unheard);
    this.#heardUntilMs = Math.min(this.#heardUntilMs, nowMs);
    if (end === "interrupted") this.#interruptedAtMs = nowMs;
    this.#end = end;
    this.#wake();
    this.#options.hold[Symbol.dispose]();
    this.#options.onEnd(this, end);
  }

  toReply(): VoiceReply {
    const sound = { samples: join(this.#frames).subarray(0, this.#samples), sampleRate: SAMPLE_RATE };
    return {
      itemId: this.itemId,
      inReplyTo: this.inReplyTo,
      text: joinPieces(listenTo(sound)),
      durationMs: (this.#samples / SAMPLE_RATE) * 1000,
      startedAt: this.startedAt,
      endedAt: this.startedAt + Math.round(this.#heardUntilMs - this.#startMs),
      isInterrupted: this.#end === "interrupted",
    };
  }

  async #play(): Promise<void> {
    while (this.isPlaying) {
      const leftMs = this.#heardUntilMs - this.#clock.monotonicMs();
      if (this.#isStopped && leftMs <= 0) this.end("whole");
      else if (leftMs <= -LONGEST_GAP_MS) this.end("unfinished");
      else if (this.#isStopped) await this.#lend(leftMs);
      else if (leftMs + SLACK_MS > 0) await this.#lend(leftMs + SLACK_MS);
      else if (!(await this.#comesAtOnce())) await this.#lend(Math.max(LENT_MS, -leftMs * LENT_RATIO));
    }
  }

  /** Lets the clock go on for a while, or until something changes. */
  #lend(ms: number): Promise<void> {
    return lend(this.#clock, this.#options.ledger, ms, this.#changed.promise);
  }

  async #comesAtOnce(): Promise<boolean> {
    const changed = this.#changed.promise.then(() => true);
    return await Promise.race([changed, systemClock.sleep(QUIET_MS, { keepAlive: false }).then(() => false)]);
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }
}

function join(frames: readonly Int16Array[]): Int16Array {
  const samples = new Int16Array(frames.reduce((sum, frame) => sum + frame.length, 0));
  let at = 0;
  for (const frame of frames) {
    samples.set(frame, at);
    at += frame.length;
  }
  return samples;
}
