import type { Clock } from "../../base/clock.ts";
import type { ClockLedger } from "../_clock_ledger.ts";
import { SAMPLE_RATE } from "./_tone_code.ts";
import type { Utterance } from "./_utterance.ts";
import { VoiceActivity } from "./_voice_activity.ts";
import { toPcm } from "./_wav.ts";
import type { RoomFault } from "./voice_faults.ts";

/** How an utterance is said. */
export interface PacerOptions {
  readonly clock: Clock;
  readonly ledger: ClockLedger;
  readonly frameMs: number;
  readonly endSilenceMs: number;
  readonly fault: RoomFault | undefined;
}

/** Told when the user is heard to begin, and to have ended. */
export interface PacerListener {
  onStart(): void;
  onStop(): void;
}

/**
 * Says one utterance: its audio frame after frame on the clock, and the silence after it until voice activity says
 * that it is over.
 */
export class UtterancePacer {
  readonly utterance: Utterance;
  readonly #options: PacerOptions;
  #startedMs = Infinity;
  #isAudible = false;

  constructor(utterance: Utterance, options: PacerOptions) {
    this.utterance = utterance;
    this.#options = options;
  }

  /** When the user was first heard, on the clock's monotonic time. */
  get startedMs(): number {
    return this.#startedMs;
  }

  /** Whether the user is heard now; the silence before the end of an utterance is not. */
  get isAudible(): boolean {
    return this.#isAudible;
  }

  /** Resolves when it is over, whether it was heard or lost. */
  async run(signal: AbortSignal, listener: PacerListener): Promise<void> {
    const { utterance } = this;
    utterance.state = "speaking";
    // held, and lent for each frame: a companion that has an answer ready may wait until this user has spoken
    using _hold = this.#options.ledger.hold(`what a user says in the voice room, ${utterance.id}`, Infinity);
    try {
      await this.#sayFrames(signal, listener);
      utterance.state = "heard";
    } catch (error) {
      utterance.state = "lost";
      if (!(error instanceof NobodyListensError || signal.aborted)) throw error;
    } finally {
      this.#isAudible = false;
      utterance.samples = new Int16Array();
    }
  }

  async #sayFrames(signal: AbortSignal, listener: PacerListener): Promise<void> {
    const { clock, ledger, frameMs, endSilenceMs, fault } = this.#options;
    const { samples, audience } = this.utterance;
    const activity = new VoiceActivity(endSilenceMs);
    const frameSamples = (frameMs * SAMPLE_RATE) / 1000;
    for (let at = 0; ; at += frameSamples) {
      await ledger.waiting(clock.sleep(frameMs, { signal, keepAlive: false })); // sent when it has been recorded
      if (fault?.kind === "room-drop" && at > samples.length / 2) for (const each of audience) each.drop();
      if (!audience.some(({ isOpen }) => isOpen)) throw new NobodyListensError();
      const frame = cut(samples, at, frameSamples);
      const event = activity.push(frame, frameMs);
      if (event === "started") this.#start(listener);
      if (at >= samples.length) this.#isAudible = false;
      this.#sendAudio(frame);
      if (event === "stopped") return this.#stop(listener);
      if (this.#startedMs === Infinity && at > samples.length) return; // nobody can have heard anything
    }
  }

  #start(listener: PacerListener): void {
    this.#startedMs = this.#options.clock.monotonicMs();
    this.#isAudible = true;
    this.#tell("speech_started");
    listener.onStart();
  }

  #stop(listener: PacerListener): void {
    listener.onStop(); // first: from now on a reply is waited for
    this.#tell("speech_stopped");
    if (this.#options.fault?.kind === "room-duplicate") this.#repeat();
  }

  #repeat(): void {
    const { samples } = this.utterance;
    const frameSamples = (this.#options.frameMs * SAMPLE_RATE) / 1000;
    this.#tell("speech_started");
    for (let at = 0; at < samples.length; at += frameSamples) this.#sendAudio(cut(samples, at, frameSamples));
    this.#tell("speech_stopped");
  }

  #sendAudio(frame: Int16Array): void {
    for (const session of this.utterance.audience) session.sendAudio(toPcm(frame));
  }

  #tell(type: "speech_started" | "speech_stopped"): void {
    const { user, id: item_id, audience } = this.utterance;
    for (const session of audience) session.tell({ type, user, item_id });
  }
}

class NobodyListensError extends Error {
  override readonly name: string = "NobodyListensError";
}

/** A frame of the audio; silence where it is over. */
function cut(samples: Int16Array, at: number, length: number): Int16Array {
  const frame = new Int16Array(length);
  frame.set(samples.subarray(at, at + length));
  return frame;
}
