import { badParameter, missingParameter, OpenAiError } from "./_openai_error.ts";

const MAX_INPUT_LETTERS = 4096;
const FORMATS = new Set<unknown>(["mp3", "opus", "aac", "flac", "wav", "pcm"]);

// Each has a pitch of its own, in Hz, so that one can hear who speaks.
const PITCHES_HZ: Readonly<Record<string, number>> = {
  alloy: 150,
  ash: 110,
  ballad: 130,
  cedar: 105,
  coral: 190,
  echo: 115,
  fable: 140,
  marin: 200,
  nova: 205,
  onyx: 95,
  sage: 180,
  shimmer: 215,
  verse: 125,
};
const PITCH_OF_OTHERS_HZ = 160;

/** A request for speech, checked. */
export interface SpeechRequest {
  readonly model: string;
  readonly input: string;
  readonly format: "wav" | "pcm";
  readonly speed: number;
  readonly pitchHz: number;
  /** Whether the audio comes in events. */
  readonly asEvents: boolean;
}

/**
 * The fields of a JSON body.
 *
 * @throws {OpenAiError} With 400 if it is none, or a field is not what it must be.
 */
export function parseSpeech(body: Buffer): SpeechRequest {
  const { model, input, voice, response_format, speed = 1, stream_format = "audio" } = parseObject(body);
  if (typeof model !== "string" || model === "")
    throw new OpenAiError(400, "you must provide a model parameter");
  if (typeof input !== "string" || input === "") throw missingParameter("input");
  if (input.length > MAX_INPUT_LETTERS) {
    const message = `Invalid 'input': string too long. Expected a string with maximum length ${MAX_INPUT_LETTERS}.`;
    throw badParameter("input", message, "string_above_max_length");
  }
  if (typeof speed !== "number" || !(speed >= 0.25 && speed <= 4)) {
    throw badParameter("speed", "Invalid 'speed': it must be between 0.25 and 4.0.");
  }
  if (stream_format !== "audio" && stream_format !== "sse") {
    throw badParameter("stream_format", "Invalid 'stream_format': supported values are 'audio' and 'sse'.");
  }
  const pitchHz = parseVoice(voice);
  return {
    model,
    input,
    format: parseFormat(response_format),
    speed,
    pitchHz,
    asEvents: stream_format === "sse",
  };
}

function parseObject(body: Buffer): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(body.toString("utf8"));
  } catch {
    value = undefined;
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  throw new OpenAiError(400, "We could not parse the JSON body of your request.", { isMalformed: true });
}

function parseVoice(voice: unknown): number {
  if (voice === undefined || voice === null || voice === "") throw missingParameter("voice");
  if (typeof (voice as { id?: unknown }).id === "string") return PITCH_OF_OTHERS_HZ; // one of the client's own
  const name = typeof voice === "string" ? voice : "";
  const pitchHz = Object.hasOwn(PITCHES_HZ, name) ? PITCHES_HZ[name] : undefined;
  if (pitchHz !== undefined) return pitchHz;
  const names = Object.keys(PITCHES_HZ).map((each) => `'${each}'`);
  throw badParameter("voice", `Invalid 'voice': supported values are: ${names.join(", ")}.`);
}

function parseFormat(format: unknown): "wav" | "pcm" {
  if (format === undefined || format === null || format === "wav") return "wav";
  if (format === "pcm") return "pcm";
  const isKnown = FORMATS.has(format);
  const given = isKnown
    ? `response_format '${String(format)}' is not available here.`
    : "Invalid 'response_format'.";
  throw badParameter("response_format", `${given} Use 'wav' or 'pcm' instead.`, "unsupported_value");
}
