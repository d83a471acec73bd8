import type { Clock } from "../../base/clock.ts";
import type { SeededRandom } from "../../base/random.ts";
import type { FaultLog } from "../faults/fault_log.ts";

/** Models that there are by default: those of OpenAI, and names that self-hosted servers use. */
export const VOICE_MODELS: readonly string[] = [
  "whisper-1",
  "gpt-4o-transcribe",
  "gpt-4o-mini-transcribe",
  "tts-1",
  "tts-1-hd",
  "gpt-4o-mini-tts",
  "whisper",
  "whisper-large-v3",
  "kokoro",
  "piper",
];

/** A recording that carries no words of the mock's own. */
export interface VoiceClip {
  readonly durationMs: number;
  readonly bytes: number;
  /** Name of the file, as the client gave it. */
  readonly fileName: string;
  /** What the client asked for, where it did. */
  readonly language?: string | undefined;
}

/** A scripted transcript: of clips that last from `minMs`, included, to `maxMs`, excluded. */
export interface TranscriptRule {
  /** @default {0} */
  readonly minMs?: number | undefined;
  /** @default {Infinity} */
  readonly maxMs?: number | undefined;
  readonly text: string;
}

/** How long hearing and speaking take. */
export interface VoiceTiming {
  /** Before a transcription, whatever its length. @default {150} */
  readonly transcriptionMs?: number | undefined;
  /** And for each millisecond of audio. @default {0.08} */
  readonly transcriptionRatio?: number | undefined;
  /** From a request for speech to its first byte. @default {200} */
  readonly firstByteMs?: number | undefined;
  /** And for each millisecond of audio that is made. @default {0.1} */
  readonly speechRatio?: number | undefined;
  /** How far a delay may be off its mean, as a share of it, 0 to 1. @default {0.2} */
  readonly jitterRatio?: number | undefined;
}

/** Options of `MockVoiceServer.listen`. */
export interface MockVoiceOptions extends VoiceTiming {
  /** Port on 127.0.0.1; 0 takes a free one. @default {0} */
  readonly port?: number | undefined;
  /** Time of speech, recognition and outages. @default {systemClock} */
  readonly clock?: Clock | undefined;
  /** Source of jitter and faults. @default {new SeededRandom("voice")} */
  readonly random?: SeededRandom | undefined;
  /** The only token that is let in. @default a made-up one */
  readonly token?: string | undefined;
  /** Models that are there. @default those of OpenAI, and some names that self-hosted servers use */
  readonly models?: readonly string[] | undefined;
  /** What is heard in clips that carry no words: rules, or a function of the clip. @default nothing */
  readonly transcripts?: readonly TranscriptRule[] | ((clip: VoiceClip) => string | undefined) | undefined;
  /** Requests a minute, above which 429 is answered. @default {Infinity} */
  readonly requestsPerMinute?: number | undefined;
  /** Length of the frames in which users are heard in the room, 20 to 100. @default {40} */
  readonly frameMs?: number | undefined;
  /** Silence after which an utterance is over. @default {500} */
  readonly endSilenceMs?: number | undefined;
  /** Time of a stalled answer after which a client should have hung up. @default {120_000} */
  readonly stallLimitMs?: number | undefined;
  /** Where faults that strike are noted. @default a log of its own */
  readonly faultLog?: FaultLog | undefined;
  /** Real milliseconds that an utterance which is not answered holds a virtual clock. @default {5000} */
  readonly replyPatienceMs?: number | undefined;
  /** Told of a defect of the mock, or when `transcripts` throws; the client gets a 500. @default {console.error} */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** {@linkcode VoiceTiming} with every number there. */
export type ResolvedVoiceTiming = Required<{ [Name in keyof VoiceTiming]: number }>;

/** @throws {RangeError} If a number is out of its range. */
export function checkVoiceTiming(timing: VoiceTiming): ResolvedVoiceTiming {
  const { transcriptionMs = 150, transcriptionRatio = 0.08 } = timing;
  const { firstByteMs = 200, speechRatio = 0.1, jitterRatio = 0.2 } = timing;
  const delays = { transcriptionMs, transcriptionRatio, firstByteMs, speechRatio };
  for (const [name, value] of Object.entries(delays)) {
    check(name, "finite and >= 0", value >= 0 && value < Infinity, value);
  }
  check("jitterRatio", "in [0, 1]", jitterRatio >= 0 && jitterRatio <= 1, jitterRatio);
  return { ...delays, jitterRatio };
}

/** @throws {RangeError} If a number of the room or of limits is out of its range. */
export function checkVoiceOptions(options: MockVoiceOptions): void {
  const { frameMs = 40, endSilenceMs = 500, stallLimitMs = 120_000 } = options;
  const { replyPatienceMs = 5000, requestsPerMinute = Infinity } = options;
  check(
    "frameMs",
    "an integer from 20 to 100",
    Number.isInteger(frameMs) && frameMs >= 20 && frameMs <= 100,
    frameMs,
  );
  for (const [name, value] of Object.entries({
    endSilenceMs,
    stallLimitMs,
    replyPatienceMs,
    requestsPerMinute,
  })) {
    check(name, "> 0", value > 0, value);
  }
}

function check(name: string, rule: string, holds: boolean, value: number): void {
  if (!holds) throw new RangeError(`Cannot start mock voice server: '${name}' must be ${rule}, got ${value}`);
}

/** A request of the client, or a message of it in the room. Never what people said. */
export interface VoiceCall {
  /** `room` for the messages `connected`, `reply_started`, `reply_stopped`, `reply_skipped`, `disconnected`. */
  readonly kind: "http" | "room";
  readonly method: string;
  readonly path: string;
  /** HTTP status; 101 for a connection to the room. */
  readonly status?: number | undefined;
  readonly model?: string | undefined;
  /** Length of the audio that was heard or made. */
  readonly audioMs?: number | undefined;
  /** How an answer ended: `aborted` means that the client hung up. */
  readonly outcome?: "done" | "aborted" | undefined;
  readonly durationMs?: number | undefined;
}

/** Something that a user says in the room. */
export interface VoiceUtterance {
  readonly id: string;
  readonly user: string;
  /**
   * `waiting` for its turn, `speaking`, `heard` to its end by a companion, or `lost`: as in a real call, what is said
   * while no companion is in the room, or when it drops out, is heard by nobody.
   */
  readonly state: "waiting" | "speaking" | "heard" | "lost";
  /** Length of the speech, without the silence after it. */
  readonly durationMs: number;
  /** When its end was heard, epoch ms of the clock; absent before. */
  readonly endedAt: number | undefined;
}

/** Options of `MockVoiceServer.say`. */
export interface SayOptions {
  /**
   * `now`: speaks as soon as no other user does, also into what the companion says to somebody else. `in-turn`: lets
   * others have their answer first, and interrupts only what the companion says to oneself.
   *
   * @default {"in-turn"}
   */
  readonly manners?: "in-turn" | "now" | undefined;
}

/** Options of `MockVoiceServer.waitForReply`. */
export interface VoiceReplyOptions {
  /** The utterance to be answered. @default whatever the companion says next */
  readonly to?: { readonly id: string } | undefined;
  /** On the clock. @default {60_000} */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What the companion said in the room, as it was heard there. */
export interface VoiceReply {
  readonly itemId: string;
  /** The utterance that it answers; absent for what it said of its own accord. */
  readonly inReplyTo?: string | undefined;
  /** The words in the audio, from the audio itself. Empty for speech that the mock did not make. */
  readonly text: string;
  /** Length of what was heard. */
  readonly durationMs: number;
  /** When it was first and last heard, epoch ms of the clock. */
  readonly startedAt: number;
  readonly endedAt: number;
  /** Whether a user spoke into it, so that the rest was not heard. */
  readonly isInterrupted: boolean;
}
