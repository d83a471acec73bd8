import type { ClockHold } from "../_clock_ledger.ts";
import type { RoomSession } from "./_room_session.ts";
import { SAMPLE_RATE } from "./_tone_code.ts";
import type { SayOptions, VoiceUtterance } from "./voice_options.ts";

/** Something that a user says, from waiting for the turn to the answer. */
export class Utterance implements VoiceUtterance {
  readonly id: string;
  readonly user: string;
  readonly durationMs: number;
  readonly manners: NonNullable<SayOptions["manners"]>;
  state: VoiceUtterance["state"] = "waiting";
  endedAt: number | undefined;
  /** The audio, until it has been said. */
  samples: Int16Array<ArrayBuffer>;
  /** Who is there to hear it. */
  audience: readonly RoomSession[] = [];
  /** Whether somebody has begun to answer it. */
  isAnswered = false;
  hold: ClockHold | undefined;

  constructor(
    id: string,
    user: string,
    samples: Int16Array<ArrayBuffer>,
    { manners = "in-turn" }: SayOptions,
  ) {
    this.id = id;
    this.user = user;
    this.samples = samples;
    this.durationMs = (samples.length / SAMPLE_RATE) * 1000;
    this.manners = manners;
  }

  /** Ends its claim on the clock: it is answered, or will not be. */
  release(): void {
    this.hold?.[Symbol.dispose]();
    this.hold = undefined;
  }
}
