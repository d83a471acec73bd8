import type { Clock } from "../../lib/base/clock.ts";
import { RoomLostError, type VoiceRoom } from "./voice_room.ts";
import { SAMPLE_RATE } from "./wav_sound.ts";

const FRAME_MS = 100; // the longest that the room takes: a second of speech is ten messages
const FRAME_BYTES = (2 * SAMPLE_RATE * FRAME_MS) / 1000;

/** Something to say aloud. */
export interface SpokenReply {
  readonly pcm: Buffer;
  /** The utterance that it answers; absent for a thought of her own. */
  readonly inReplyTo: string | undefined;
  /** Called when the first of it can be heard. */
  readonly onStart?: () => void;
}

/** Says one thing after another in the room, never while somebody else speaks. */
export class Speaker {
  readonly #clock: Clock;
  readonly #room: () => VoiceRoom | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #silence: PromiseWithResolvers<void> | undefined;
  #interrupted = new AbortController();

  /** @param room The room that she is in, if she is in one. */
  constructor(clock: Clock, room: () => VoiceRoom | undefined) {
    this.#clock = clock;
    this.#room = room;
  }

  /** Somebody speaks: what she says ends at once, and the rest of it is not said. */
  hush(): void {
    this.#silence ??= Promise.withResolvers();
    this.#interrupted.abort();
  }

  /** Nobody speaks any more. */
  release(): void {
    this.#silence?.resolve();
    this.#silence = undefined;
  }

  /**
   * Says something when it is its turn; resolves when it is said, or was interrupted.
   *
   * @throws {RoomLostError} If she is in no room when its turn comes, or the connection ends while she speaks.
   */
  say(reply: SpokenReply): Promise<void> {
    const said = this.#turn.then(() => this.#say(reply));
    this.#turn = said.catch(() => undefined);
    return said;
  }

  async #say({ pcm, inReplyTo, onStart }: SpokenReply): Promise<void> {
    while (this.#silence) await this.#silence.promise;
    const room = this.#room();
    if (!room?.isOpen) throw new RoomLostError("not in the room");
    this.#interrupted = new AbortController();
    room.startReply(inReplyTo);
    onStart?.();
    await this.#play(room, pcm, this.#interrupted.signal);
    if (!room.isOpen) throw new RoomLostError("the connection ended");
    room.stopReply();
  }

  /** Sends the audio as fast as it is heard. */
  async #play(room: VoiceRoom, pcm: Buffer, interrupted: AbortSignal): Promise<void> {
    const startMs = this.#clock.monotonicMs();
    for (let at = 0; at < pcm.length && room.isOpen && !interrupted.aborted; at += FRAME_BYTES) {
      const frame = pcm.subarray(at, at + FRAME_BYTES);
      room.sendAudio(frame);
      const nextMs = startMs + ((at + frame.length) / FRAME_BYTES) * FRAME_MS;
      const pause = this.#clock.sleep(nextMs - this.#clock.monotonicMs(), { signal: interrupted });
      await pause.catch(() => undefined);
    }
  }
}
