import type { Answer } from "./_answer.ts";
import { serverError } from "./_openai_error.ts";
import { speak } from "./_speak.ts";
import type { SpeechRequest } from "./_speech_request.ts";
import { type AnsweredRequest, type SpeechServices, stallAnswer, withJitter } from "./_speech_services.ts";
import { SAMPLE_RATE } from "./_tone_code.ts";
import { toPcm, wavHeader } from "./_wav.ts";
import type { SpeechFault } from "./voice_faults.ts";

const PART_MS = 500;
const PART_BYTES = (PART_MS * SAMPLE_RATE * 2) / 1000;

/** Answers `/audio/speech`: the text as audio, part for part, in the time that a model takes for it. */
export async function answerSpeech(
  request: SpeechRequest,
  answer: Answer,
  services: SpeechServices,
): Promise<AnsweredRequest> {
  const { timing, random } = services;
  const samples = speak(request.input, request);
  const audioMs = (samples.length / SAMPLE_RATE) * 1000;
  const fault = services.faults.strike(isSpeechFault, `speech of ${Math.round(audioMs)} ms`);
  const jitter = random.stream(`speech of ${request.input}`);
  const firstMs = withJitter(timing.firstByteMs, services, jitter);
  await answer.sleep(firstMs + (fault?.kind === "speech-slow" ? fault.ms : 0));
  if (fault?.kind === "speech-error") throw serverError(fault.status, fault.retryAfterMs);
  if (fault?.kind === "speech-silent") samples.fill(0);
  const parts = toParts(toPcm(samples), request, fault);
  const type = request.asEvents ? "text/event-stream; charset=utf-8" : audioType(request);
  answer.response.writeHead(200, { "content-type": type });
  for (const [index, part] of parts.entries()) {
    if (index > 0) await answer.sleep(withJitter(PART_MS * timing.speechRatio, services, jitter));
    await answer.write(request.asEvents ? toDelta(part) : part);
    if (index === 0) await answer.letRead();
  }
  if (fault?.kind === "speech-stall") await stallAnswer(answer, "POST /audio/speech", services);
  answer.response.end(request.asEvents && fault?.kind !== "speech-truncated" ? toDone(request, audioMs) : "");
  return { model: request.model, audioMs, isSpoilt: fault?.kind === "speech-truncated" };
}

function isSpeechFault(fault: { readonly kind: string }): fault is SpeechFault {
  return fault.kind.startsWith("speech-");
}

/** The bytes in the parts in which they are sent; the header of a WAV file always promises all of them. */
function toParts(pcm: Buffer, { format }: SpeechRequest, fault: SpeechFault | undefined): readonly Buffer[] {
  const header = format === "wav" ? [wavHeader(pcm.length, SAMPLE_RATE)] : [];
  const isCut = fault?.kind === "speech-truncated" || fault?.kind === "speech-stall";
  const sent = isCut ? pcm.subarray(0, 2 * Math.floor((pcm.length / 2) * (fault.afterRatio ?? 0.5))) : pcm;
  const parts: Buffer[] = [];
  for (let at = 0; at < sent.length; at += PART_BYTES) parts.push(sent.subarray(at, at + PART_BYTES));
  return [Buffer.concat([...header, ...parts.slice(0, 1)]), ...parts.slice(1)];
}

function audioType({ format }: SpeechRequest): string {
  return format === "wav" ? "audio/wav" : "audio/pcm";
}

function toDelta(part: Buffer): string {
  return toEvent({ type: "speech.audio.delta", audio: part.toString("base64") });
}

function toDone({ input }: SpeechRequest, audioMs: number): string {
  const [input_tokens, output_tokens] = [Math.ceil(input.length / 4), Math.ceil(audioMs / 50)];
  const usage = { input_tokens, output_tokens, total_tokens: input_tokens + output_tokens };
  return toEvent({ type: "speech.audio.done", usage });
}

function toEvent(data: object): string {
  return `data: ${JSON.stringify(data)}\n\n`;
}
