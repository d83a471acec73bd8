import type { Message } from "ollama";
import type { EmotionValues } from "../../lib/emotion/emotional_state.ts";
import { EMOTIONS } from "./emotions.ts";
import type { StoredMessage } from "./storage.ts";

/** What she says when the language model does not answer: the truth. */
export const FALLBACK_REPLY =
  "I cannot find my words right now: my language model does not answer. I have kept your message.";

const MAX_REMEMBERED_LENGTH = 1000;
const PERSONA =
  "You are Demi, a warm and curious companion who lives on her owner's computer. " +
  "Answer in a few short sentences, in the language you are spoken to. " +
  "Let your feelings colour your tone; do not recite their numbers.";

function systemMessage(emotions: EmotionValues, task: string): Message {
  const feelings = EMOTIONS.map((name) => `${name} ${emotions[name].toFixed(2)}`).join(", ");
  return { role: "system", content: `${PERSONA}\nYour feelings now, from 0 to 1: ${feelings}.${task}` };
}

/** Prompt for a reply to `text`, with what was said before it. */
export function toReplyPrompt(
  emotions: EmotionValues,
  past: readonly StoredMessage[],
  text: string,
): Message[] {
  const turns = past.map((message): Message => ({
    role: message.sender === "demi" ? "assistant" : "user",
    content: message.content.slice(0, MAX_REMEMBERED_LENGTH),
  }));
  return [systemMessage(emotions, ""), ...turns, { role: "user", content: text }];
}

/** Prompt for a thought that nobody asked for. */
export function toRamblePrompt(emotions: EmotionValues, emotion: string): Message[] {
  const task = `\nNobody has spoken to you just now. You feel strong ${emotion}.`;
  return [
    systemMessage(emotions, task),
    { role: "user", content: "Say one short thought aloud, of your own accord. One or two sentences." },
  ];
}
