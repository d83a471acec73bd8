import type { Answer } from "./_answer.ts";
import { hearFile, type HeardFile } from "./_audio_file.ts";
import { OpenAiError, serverError } from "./_openai_error.ts";
import { type AnsweredRequest, type SpeechServices, stallAnswer, withJitter } from "./_speech_services.ts";
import { formatTranscript, spreadTranscript, toTranscript, toUsage, type Transcript } from "./_transcript.ts";
import type { TranscriptionRequest } from "./_transcription_request.ts";
import type { TranscriptionFault } from "./voice_faults.ts";

const SUPPORTED = "['flac', 'm4a', 'mp3', 'mp4', 'mpeg', 'mpga', 'oga', 'ogg', 'wav', 'webm']";

/** Answers `/audio/transcriptions` and `/audio/translations`: listens to the file and writes down what it hears. */
export async function answerTranscription(
  request: TranscriptionRequest,
  answer: Answer,
  services: SpeechServices,
  task: "transcribe" | "translate",
): Promise<AnsweredRequest> {
  const { timing, random } = services;
  const heard = hearFile(request.file);
  if (!heard) throw new OpenAiError(400, `Invalid file format. Supported formats: ${SUPPORTED}`);
  const fault = services.faults.strike(isTranscriptionFault, `clip of ${Math.round(heard.durationMs)} ms`);
  const jitter = random.stream(`transcription of ${request.file.length} bytes`);
  const delayMs = withJitter(
    timing.transcriptionMs + timing.transcriptionRatio * heard.durationMs,
    services,
    jitter,
  );
  await answer.sleep(delayMs + (fault?.kind === "transcription-slow" ? fault.ms : 0));
  if (fault?.kind === "transcription-error") throw serverError(fault.status, fault.retryAfterMs);
  const transcript = spoil(transcribe(heard, request, services), fault);
  if (request.streams) await stream(transcript, request, answer, services, fault);
  else await send(transcript, request, answer, services, task, fault);
  return {
    model: request.model,
    audioMs: heard.durationMs,
    isSpoilt: fault?.kind === "transcription-malformed",
  };
}

function isTranscriptionFault(fault: { readonly kind: string }): fault is TranscriptionFault {
  return fault.kind.startsWith("transcription-");
}

function transcribe(heard: HeardFile, request: TranscriptionRequest, services: SpeechServices): Transcript {
  if (heard.pieces.length > 0) return toTranscript(heard);
  return spreadTranscript(scripted(heard.durationMs, request, services), heard.durationMs);
}

function scripted(durationMs: number, request: TranscriptionRequest, services: SpeechServices): string {
  const { transcripts = [] } = services;
  const { file, fileName, language } = request;
  if (typeof transcripts === "function") {
    return transcripts({ durationMs, bytes: file.length, fileName, language }) ?? "";
  }
  const fits = ({ minMs = 0, maxMs = Infinity }): boolean => durationMs >= minMs && durationMs < maxMs;
  return transcripts.find(fits)?.text ?? "";
}

function spoil(transcript: Transcript, fault: TranscriptionFault | undefined): Transcript {
  if (fault?.kind === "transcription-empty") return spreadTranscript("", transcript.durationMs);
  if (fault?.kind !== "transcription-garbled") return transcript;
  const garble = (word: string): string => [...word].toReversed().join("");
  const words = transcript.words.map((word) => ({ ...word, text: garble(word.text) }));
  return { ...transcript, words, text: words.map(({ text }) => text).join(" ") };
}

async function send(
  transcript: Transcript,
  request: TranscriptionRequest,
  answer: Answer,
  services: SpeechServices,
  task: "transcribe" | "translate",
  fault: TranscriptionFault | undefined,
): Promise<void> {
  if (fault?.kind === "transcription-stall")
    await stallAnswer(answer, "POST /audio/transcriptions", services);
  const { type, body } = formatTranscript(transcript, request, task);
  const sent = fault?.kind === "transcription-malformed" ? `{"text": "` : body;
  answer.response.writeHead(200, { "content-type": type }).end(sent);
}

async function stream(
  transcript: Transcript,
  request: TranscriptionRequest,
  answer: Answer,
  services: SpeechServices,
  fault: TranscriptionFault | undefined,
): Promise<void> {
  answer.response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
  answer.response.flushHeaders();
  const { text, words } = transcript;
  let at = 0;
  for (const [index, word] of words.entries()) {
    const end = index === words.length - 1 ? text.length : text.indexOf(word.text, at) + word.text.length;
    await answer.write(toEvent({ type: "transcript.text.delta", delta: text.slice(at, end) }));
    at = end;
    if (index === 0) await answer.letRead();
    if (index === 0 && fault?.kind === "transcription-stall") break;
  }
  if (fault?.kind === "transcription-stall")
    await stallAnswer(answer, "POST /audio/transcriptions", services);
  if (fault?.kind === "transcription-malformed") return void answer.response.end(`data: {"type": "\n\n`);
  const usage = toUsage(request.model, transcript);
  answer.response.end(toEvent({ type: "transcript.text.done", text, usage }));
}

function toEvent(data: object): string {
  return `data: ${JSON.stringify(data)}\n\n`;
}
