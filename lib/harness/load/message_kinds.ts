import type { SeededRandom } from "../../base/random.ts";

/**
 * Kinds of messages that people write. Of those that do not speak for themselves: `long-gap` is a goodbye, after which
 * its user writes nothing for 3 to 24 hours, and then stays for two days at least; `long` has some 200 to 1,500 characters, `very-long` 2,000 or 4,000,
 * which is what Discord takes of anybody and of subscribers; `empty` looks empty and is not, as people send it where an
 * empty message is refused: to be left out where a companion rightly says nothing to it; `random` is of any letters
 * and signs; `unusual` is a little of everything that programs do not expect.
 */
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
  "long-gap",
  "random",
  "empty",
  "very-long",
  "emoji",
  "right-to-left",
] as const;

/** Kind of a message. */
export type MessageKind = (typeof MESSAGE_KINDS)[number];

/** Those whose texts are made. */
type MadeKind = "long" | "very-long" | "random";

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

/** The default ones, and what comes rarely but breaks more: for runs that look for trouble. */
export const WIDE_MESSAGE_MIX: MessageMix = {
  ...DEFAULT_MESSAGE_MIX,
  "long-gap": 2,
  random: 2,
  empty: 1,
  "very-long": 2,
  emoji: 4,
  "right-to-left": 3,
};

const OPENINGS = ["By the way", "Tell me", "I wonder", "You know what", "Just now I thought"] as const;
const TOPICS = ["the sea", "old trains", "a rainy Sunday", "my garden", "the news", "tea", "music"] as const;

const TEXTS: Readonly<Record<Exclude<MessageKind, MadeKind>, readonly string[]>> = {
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
  "long-gap": ["Good night, Demi", "I have to go, talk to you later", "I will be away for a while"],
  empty: ["\u200b", "\u2060", "\u2800", "\u3164"], // not even trim() takes these away
  emoji: ["👩‍👩‍👧‍👦", "👍🏿👍🏻", "🏳️‍🌈🇩🇪🇯🇵", "🎉".repeat(50), "I 🧡 you ❤️‍🔥", "1️⃣2️⃣#️⃣", "☺ ☺️"],
  "right-to-left": [
    "كيف كان يومك؟",
    "מה שלומך היום?",
    "قرأت اليوم كتاب TypeScript 5.0 وأعجبني",
    "\u202eesrever ni\u202c, they say",
    "שלום Demi, נתראה ב-18:30",
  ],
};

// First and last code points of what random texts are made of; no surrogates, no controls.
const ALPHABETS = [
  [0x21, 0x7e],
  [0xa1, 0x17f],
  [0x391, 0x3a1],
  [0x410, 0x44f],
  [0x5d0, 0x5ea],
  [0x905, 0x939],
  [0xe01, 0xe3a],
  [0x3041, 0x3096],
  [0x4e00, 0x9fff],
  [0x1d400, 0x1d454],
  [0x1f300, 0x1f5ff],
] as const;

const VERY_LONG = [2000, 4000] as const;

/** A text of that kind. */
export function writeMessage(kind: MessageKind, random: SeededRandom): string {
  const topic = random.pick(TOPICS);
  if (kind === "long") return `Let me tell you about ${topic}. `.repeat(random.integer(8, 40)).trim();
  if (kind === "very-long")
    return `Let me tell you all about ${topic}! `.repeat(200).slice(0, random.pick(VERY_LONG));
  if (kind === "random") return writeRandomly(random);
  const text = random.pick(TEXTS[kind]).replace("{topic}", topic);
  return text.startsWith(text.charAt(0).toLowerCase()) && /^[a-z]/.test(text)
    ? `${random.pick(OPENINGS)}: ${text}`
    : text;
}

function writeRandomly(random: SeededRandom): string {
  const words = Array.from({ length: random.integer(1, 12) }, () => {
    const [first, last] = random.pick(ALPHABETS);
    return String.fromCodePoint(
      ...Array.from({ length: random.integer(1, 9) }, () => random.integer(first, last)),
    );
  });
  return words.join(" ");
}
