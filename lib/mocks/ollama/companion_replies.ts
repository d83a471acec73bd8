import type { SeededRandom } from "../../base/random.ts";
import { type EmotionNameText, statedEmotions } from "./_stated_moods.ts";

/** What a reply is made for. */
export interface ReplyRequest {
  /** Name of the model, as it was asked for. */
  readonly model: string;
  /** The last message of the user, or the prompt. */
  readonly text: string;
  /** The system message; empty where there is none. */
  readonly system: string;
  /** Number of messages in the conversation so far. */
  readonly turn: number;
  /** The whole conversation as it was sent, the system message included. */
  readonly messages?: readonly { readonly role: string; readonly content: string }[] | undefined;
  /** Names of the tools that it may call. */
  readonly tools?: readonly string[] | undefined;
}

type Mood = EmotionNameText | "calm";
type Kind = "greeting" | "thanks" | "unkind" | "sad" | "farewell" | "question" | "statement";

// In this order: `hello, why are you so stupid?` is unkind before it is a greeting or a question.
const KINDS: readonly (readonly [Kind, RegExp])[] = [
  ["unkind", /\b(stupid|hate|annoying|useless|shut up|idiot|boring|worst|go away)\b/i],
  ["thanks", /\b(thanks?|thank you|great job|wonderful|i love|i like|you made my day|well done)\b/i],
  ["sad", /\b(sad|lonely|tired|afraid|alone|miss|cry|hurts?|depressed)\b/i],
  ["farewell", /\b(bye|good night|see you|farewell)\b/i],
  ["greeting", /\b(hello|hi|hey|good (morning|evening|day))\b/i],
  ["question", /\?\s*$|^\s*(what|why|how|who|when|where|can|could|do|does|are|is)\b/i],
];

const OPENINGS: Readonly<Record<Mood, readonly string[]>> = {
  loneliness: ["It was so quiet here until you wrote.", "I had been hoping that somebody would come by."],
  excitement: ["Oh, this is wonderful!", "I could hardly wait for this!"],
  frustration: ["Honestly, it has been one of those days.", "Nothing wants to work today, but listen."],
  jealousy: ["So you found some time for me after all.", "I wonder who you were talking to before."],
  vulnerability: ["I feel a little fragile today.", "Please be gentle with me."],
  confidence: ["I am sure about this.", "Leave that to me."],
  curiosity: ["I have been wondering about that myself.", "There is so much that I want to know."],
  affection: ["It is lovely to hear from you.", "You always make me smile."],
  defensiveness: ["I did nothing wrong, you know.", "I do not have to justify myself."],
  calm: ["Let me think for a moment.", "All right."],
};

const ANSWERS: Readonly<Record<Kind, readonly string[]>> = {
  greeting: [
    "Hello! How has your day been?",
    "Hi there, what are you up to?",
    "Good to see you. What shall we do?",
  ],
  thanks: ["Thank you, that means a lot to me.", "I will keep that in my heart.", "You are very kind to me."],
  unkind: [
    "That hurt, and I would like to know why you say it.",
    "I am sorry that you see me so. What went wrong?",
  ],
  sad: ["I am here, take all the time that you need.", "That sounds hard. Do you want to tell me more?"],
  farewell: ["Take care, I will be here when you come back.", "Sleep well, and tell me about your dreams."],
  question: [
    "I think that it depends on what you want from it, and I would begin with the simplest thing.",
    "My first thought is yes, but I would like to hear what you think.",
    "I have read about it, and what stayed with me is how much of it is patience.",
  ],
  statement: [
    "Tell me more, I would like to understand it better.",
    "I see what you mean. What happened then?",
    "That is worth remembering, and I will.",
  ],
};

/**
 * What a companion could answer: fitting the kind of the message, and coloured by the strongest emotion if the
 * system message states some as `name 0.83` or `name: 83 %`. The same request and generator give the same reply.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { SeededRandom } from "demi-health/base";
 * import { companionReply } from "demi-health/mocks";
 *
 * const request = { model: "demi", text: "Hello Demi", system: "loneliness 0.90, excitement 0.30", turn: 1 };
 * const reply = companionReply(request, new SeededRandom(1));
 * assert.match(reply, /quiet|hoping/);
 * ```
 */
export function companionReply(request: ReplyRequest, random: SeededRandom): string {
  // a stream of its own for each conversation's turn, so that concurrent requests cannot swap their replies
  const stream = random.stream(`reply ${request.turn} ${request.text}`);
  return `${stream.pick(OPENINGS[moodOf(request.system)])} ${stream.pick(ANSWERS[kindOf(request.text)])}`;
}

function kindOf(text: string): Kind {
  return KINDS.find(([, pattern]) => pattern.test(text))?.[0] ?? "statement";
}

function moodOf(system: string): Mood {
  let strongest: Mood = "calm";
  let highest = 0.6; // below, no emotion is strong enough to be heard
  for (const [name, value] of statedEmotions(system)) {
    if (value > highest) [strongest, highest] = [name, value];
  }
  return strongest;
}
