import type { HeardFile } from "./_audio_file.ts";
import { joinPieces } from "./_listen.ts";
import type { TranscriptionRequest } from "./_transcription_request.ts";

const SENTENCE_END = /[.!?。！？…]["')\]]*$/u;
const LONGEST_SEGMENT_MS = 15_000;

interface Span {
  readonly text: string;
  readonly startMs: number;
  readonly endMs: number;
}

/** What was heard, with its times. */
export interface Transcript {
  readonly text: string;
  readonly durationMs: number;
  readonly words: readonly Span[];
}

/** Transcript of a file: its words at the times at which they are said. */
export function toTranscript({ pieces, durationMs, soundEndMs }: HeardFile): Transcript {
  const words: { text: string; startMs: number }[] = [];
  for (const { text, startMs } of pieces) {
    const last = words.at(-1);
    if (last && !/^\s/u.test(text) && !/\s$/u.test(last.text)) last.text += text;
    else words.push({ text, startMs });
  }
  const timed = words.map(({ text, startMs }, index) => {
    const endMs = words[index + 1]?.startMs ?? Math.max(soundEndMs, startMs);
    return { text: text.trim(), startMs, endMs };
  });
  return { text: joinPieces(pieces), durationMs, words: timed.filter(({ text }) => text !== "") };
}

/** Transcript of a text that is not in the audio: its words are spread evenly. */
export function spreadTranscript(text: string, durationMs: number): Transcript {
  const words = text.match(/\S+/gu) ?? [];
  const eachMs = durationMs / Math.max(1, words.length);
  return {
    text,
    durationMs,
    words: words.map((word, index) => ({ text: word, startMs: index * eachMs, endMs: (index + 1) * eachMs })),
  };
}

/** Body and content type of an answer that is not streamed. */
export function formatTranscript(
  transcript: Transcript,
  request: TranscriptionRequest,
  task: "transcribe" | "translate",
): { readonly type: string; readonly body: string } {
  const { format, model } = request;
  const text = "text/plain; charset=utf-8";
  switch (format) {
    case "text":
      return { type: text, body: `${transcript.text}\n` };
    case "srt":
      return { type: text, body: toSrt(toSegments(transcript)) };
    case "vtt":
      return { type: text, body: toVtt(toSegments(transcript)) };
    case "verbose_json":
      return { type: "application/json", body: JSON.stringify(toVerbose(transcript, request, task)) };
    case "json": {
      const body = { text: transcript.text, usage: toUsage(model, transcript) };
      return { type: "application/json", body: JSON.stringify(body) };
    }
  }
}

/** What an answer cost: newer models count tokens, Whisper seconds. */
export function toUsage(model: string, { text, durationMs }: Transcript): object {
  if (!model.startsWith("gpt-4o")) return { type: "duration", seconds: Math.ceil(durationMs / 1000) };
  const audio = Math.ceil(durationMs / 100);
  const output = Math.ceil(text.length / 4);
  return {
    type: "tokens",
    input_tokens: audio,
    input_token_details: { text_tokens: 0, audio_tokens: audio },
    output_tokens: output,
    total_tokens: audio + output,
  };
}

function toVerbose(transcript: Transcript, request: TranscriptionRequest, task: string): object {
  const { granularities, model, language } = request;
  const { text, durationMs, words } = transcript;
  return {
    task,
    language: task === "translate" ? "english" : (language ?? "english"),
    duration: toSeconds(durationMs),
    text,
    ...(granularities.includes("segment") && { segments: toSegments(transcript).map(toVerboseSegment) }),
    ...(granularities.includes("word") && {
      words: words.map((word) => ({
        word: word.text,
        start: toSeconds(word.startMs),
        end: toSeconds(word.endMs),
      })),
    }),
    usage: toUsage(model, transcript),
  };
}

function toVerboseSegment(segment: Span, id: number): object {
  return {
    id,
    seek: Math.floor(segment.startMs / 30_000) * 3000,
    start: toSeconds(segment.startMs),
    end: toSeconds(segment.endMs),
    text: ` ${segment.text}`,
    tokens: Array.from(segment.text.match(/\S+/gu) ?? [], (word) => 50_364 + word.length),
    temperature: 0,
    avg_logprob: -0.25,
    compression_ratio: 1.1,
    no_speech_prob: 0.01,
  };
}

/** Sentences, or what is said within 15 seconds where there are none. */
function toSegments({ words }: Transcript): readonly Span[] {
  const segments: { text: string; startMs: number; endMs: number }[] = [];
  let isOpen = false;
  for (const { text, startMs, endMs } of words) {
    const last = segments.at(-1);
    if (last && isOpen && endMs - last.startMs <= LONGEST_SEGMENT_MS) {
      Object.assign(last, { text: `${last.text} ${text}`, endMs });
    } else segments.push({ text, startMs, endMs });
    isOpen = !SENTENCE_END.test(text);
  }
  return segments;
}

function toSrt(segments: readonly Span[]): string {
  const lines = segments.map(({ text, startMs, endMs }, index) => {
    return `${index + 1}\n${toTime(startMs, ",")} --> ${toTime(endMs, ",")}\n${text}\n\n`;
  });
  return lines.join("");
}

function toVtt(segments: readonly Span[]): string {
  const lines = segments.map(({ text, startMs, endMs }) => {
    return `${toTime(startMs, ".")} --> ${toTime(endMs, ".")}\n${text}\n\n`;
  });
  return `WEBVTT\n\n${lines.join("")}`;
}

function toTime(ms: number, separator: string): string {
  const whole = Math.round(ms);
  const pad = (value: number, digits: number): string => String(Math.floor(value)).padStart(digits, "0");
  const time = [whole / 3_600_000, (whole / 60_000) % 60, (whole / 1000) % 60].map((part) => pad(part, 2));
  return `${time.join(":")}${separator}${pad(whole % 1000, 3)}`;
}

function toSeconds(ms: number): number {
  return Math.round(ms / 10) / 100;
}
