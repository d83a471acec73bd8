import type { InteractionKind } from "./emotions.ts";

// The first list that has a word of the message wins, so the special kinds come before the broad ones.
const WORDS: readonly (readonly [InteractionKind, readonly string[]])[] = [
  [
    "rapid_errors",
    toPhrases(`error after error, errors again, again an error, again with an error, same error again, keeps crashing, keep crashing,
      keeps failing, keeps breaking, still broken, fails again, failed again`),
  ],
  [
    "successful_help",
    toPhrases(`fixed it, is fixed, solved it, works now, that works, that worked, that helped, you helped, thanks for the help,
      thanks for your help, thank you for your help`),
  ],
  [
    "refusal",
    toPhrases(`no thanks, no thank you, leave me alone, not now, stop asking, i refuse, go away, shut up, do not want,
      dont want, would rather not, none of your business`),
  ],
  ["long_idle", toPhrases("been away, been gone, long time no see, been a while, forgot about you")],
  [
    "code_update",
    toPhrases(`commit, committed, deployed, refactored, pull request, new version, code update, merged,
      updated your code, changed your code, rewrote your code`),
  ],
  [
    "negative",
    toPhrases(`hate, you suck, fuck you, stupid, dumb, useless, annoying, boring, ugly, idiot, worst, awful, terrible, disappointed,
      disappointing`),
  ],
  ["error", toPhrases("error, errors, exception, crash, crashed, failed, fails, broken, bug, stack trace")],
  [
    "positive",
    toPhrases(`hello, hi, you are kind, so kind, lovely, hey, good morning, good evening, good night, welcome, thanks, thank you, love, like you,
      great, good, nice, awesome, amazing, wonderful, sweet, cute, happy, proud, missed you, miss you, well done,
      beautiful, smart, made my day`),
  ],
];

const NEGATIONS: ReadonlySet<string> = new Set([
  "not",
  "never",
  "no",
  "dont",
  "doesnt",
  "didnt",
  "isnt",
  "arent",
]);

/**
 * Kind of interaction that a message is, by a list of English words: deterministic, so that the same conversation
 * always moves the emotions the same way. Kind words behind a negation ("not good", "I don't love you") are
 * unkind; unkind ones ("not stupid") and errors ("no errors") are neutral.
 */
export function classifyMessage(text: string): InteractionKind {
  const padded = pad(text);
  for (const [kind, phrases] of WORDS) {
    const hit = phrases.find((phrase) => padded.includes(` ${phrase} `));
    if (hit !== undefined) return isNegated(text, hit) ? negate(kind) : kind;
  }
  return "neutral";
}

function toPhrases(list: string): readonly string[] {
  return list.split(",").map((phrase) => phrase.trim());
}

/** The words of a text in lower case, with a blank before, between and behind them. */
function pad(text: string): string {
  const plain = text.toLowerCase().replaceAll(/['’]/g, "");
  return ` ${(plain.match(/[\p{L}\p{N}]+/gu) ?? []).join(" ")} `;
}

/** Whether one of the two words before the phrase takes it back; a word of another clause does not. */
function isNegated(text: string, phrase: string): boolean {
  const clause = text
    .split(/[,.;:!?\n]+/)
    .map(pad)
    .find((padded) => padded.includes(` ${phrase} `));
  if (clause === undefined) return false; // the phrase itself goes over a comma: "no, thanks"
  const before = clause
    .slice(0, clause.indexOf(` ${phrase} `))
    .trim()
    .split(" ");
  return before.slice(-2).some((word) => NEGATIONS.has(word));
}

function negate(kind: InteractionKind): InteractionKind {
  if (kind === "positive" || kind === "successful_help") return "negative";
  return kind === "negative" || kind === "error" || kind === "rapid_errors" ? "neutral" : kind;
}
