import type { SeededRandom } from "../../base/random.ts";

/** Kinds of messages that people write. */
export const MESSAGE_KINDS = [
  "greeting",
  "question",
  "affection",
  "negative",
  "smalltalk",
  "error",
  "help",
  "code",
  "long",
  "unusual",
  "repeated",
] as const;

/** Kind of a message. */
export type MessageKind = (typeof MESSAGE_KINDS)[number];

/** How often each kind comes, in any unit; one that is not named does not come. */
export type MessageMix = Readonly<Partial<Record<MessageKind, number>>>;

/** What people write, by and large: most of it moves nothing, and what does pulls both ways. */
export const DEFAULT_MESSAGE_MIX: MessageMix = {
  greeting: 10,
  question: 30,
  affection: 8,
  negative: 6,
  smalltalk: 26,
  error: 4,
  help: 4,
  code: 4,
  long: 3,
  unusual: 3,
  repeated: 2,
};

const OPENINGS = ["By the way", "Tell me", "I wonder", "You know what", "Just now I thought"] as const;
const TOPICS = ["the sea", "old trains", "a rainy Sunday", "my garden", "the news", "tea", "music"] as const;

const TEXTS: Readonly<Record<Exclude<MessageKind, "long">, readonly string[]>> = {
  greeting: ["Hello Demi!", "Hi there, how are you today?", "Good morning, Demi"],
  question: [
    "what do you think about {topic}?",
    "do you remember what we said about {topic}?",
    "can you explain {topic} to me?",
    "which words would you choose for {topic}?",
  ],
  affection: ["I love talking to you", "Thank you, you are wonderful", "You made my day, thanks!"],
  negative: ["That was a stupid answer", "You are annoying today", "Leave me alone for a moment"],
  smalltalk: [
    "I have been reading about {topic} all day",
    "somebody on the bus spoke about {topic}",
    "it is quiet here, and I think about {topic}",
  ],
  error: ["The build failed", "It answers with an error again"],
  help: ["It works now", "That fixed it"],
  code: ["```ts\nconst x: number = 1;\n```", "I committed a change to your code", "`npm test` says nothing"],
  unusual: ["🦊🌧️💜", "مرحبا ديمي، كيف حالك؟", "…", "ｆｕｌｌ ｗｉｄｔｈ", "<b>not bold</b> & %00 \\u0000"],
  repeated: ["Are you there?"],
};

/** A text of that kind. */
export function writeMessage(kind: MessageKind, random: SeededRandom): string {
  const topic = random.pick(TOPICS);
  if (kind === "long") return `Let me tell you about ${topic}. `.repeat(random.integer(8, 40)).trim();
  const text = random.pick(TEXTS[kind]).replace("{topic}", topic);
  return text.startsWith(text.charAt(0).toLowerCase()) && /^[a-z]/.test(text)
    ? `${random.pick(OPENINGS)}: ${text}`
    : text;
}
