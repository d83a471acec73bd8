/** What speech and the voice room can do wrong to their client, on a schedule. */
export type VoiceFault = TranscriptionFault | SpeechFault | RoomFault;

/** A fault of `/audio/transcriptions` and `/audio/translations`. An occasion is a request. */
export type TranscriptionFault =
  /** It is refused with a status, such as 500, 503 or 429. */
  | {
      readonly kind: "transcription-error";
      readonly status: number;
      /** Sent as `retry-after` and `retry-after-ms`. */
      readonly retryAfterMs?: number | undefined;
    }
  /** The answer comes `ms` later, on the clock. */
  | { readonly kind: "transcription-slow"; readonly ms: number }
  /** The answer never comes, and the connection stays open; a stream stops after its first part. */
  | { readonly kind: "transcription-stall" }
  /** What was said is misheard: letters of each word are in another order. */
  | { readonly kind: "transcription-garbled" }
  /** Nothing was heard: the text is empty. */
  | { readonly kind: "transcription-empty" }
  /** A 200 whose body is broken JSON. */
  | { readonly kind: "transcription-malformed" };

/** A fault of `/audio/speech`. An occasion is a request. */
export type SpeechFault =
  /** It is refused with a status, such as 500, 503 or 429. */
  | {
      readonly kind: "speech-error";
      readonly status: number;
      /** Sent as `retry-after` and `retry-after-ms`. */
      readonly retryAfterMs?: number | undefined;
    }
  /** The first byte comes `ms` later, on the clock. */
  | { readonly kind: "speech-slow"; readonly ms: number }
  /** The audio stops after a share of it, and the connection stays open. */
  | { readonly kind: "speech-stall"; /** @default {0.5} */ readonly afterRatio?: number | undefined }
  /** The audio ends early, as if it were whole: only the header of a WAV file tells. */
  | { readonly kind: "speech-truncated"; /** @default {0.5} */ readonly afterRatio?: number | undefined }
  /** The audio is silence, of the right length. */
  | { readonly kind: "speech-silent" };

/** A fault of the room. An occasion is an utterance that somebody hears. */
export type RoomFault =
  /** The connection is reset in the middle of the utterance. */
  | { readonly kind: "room-drop" }
  /** A text frame that is no JSON is sent before the utterance. */
  | { readonly kind: "room-garbage" }
  /** The utterance comes twice: its beginning, audio and end again at once, under the same id. */
  | { readonly kind: "room-duplicate" };
