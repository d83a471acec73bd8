import { SeededRandom } from "../../base/random.ts";
import { RingBuffer } from "../../base/ring_buffer.ts";
import { companionReply, type ReplyRequest } from "../../mocks/ollama/companion_replies.ts";
import type { OllamaReplyRule } from "../../mocks/ollama/model_reply.ts";

/** What the model was asked. */
export interface Prompt {
  /** The last message of the user. */
  readonly text: string;
  /** All that the model was told, the system message first. */
  readonly messages: readonly string[];
  /** The whole prompt as one text. */
  readonly all: string;
}

const PROMPTS_KEPT = 2000;
const CONSONANTS = [..."bdfgklmnprstv"];
const VOWELS = [..."aeiou"];
const CODE_WORD = /\bzu(?:[bdfgklmnprstv][aeiou]){4}\b/;
const CODE_WORDS = new RegExp(CODE_WORD, "g");

/** A word that nobody uses, for one message: who says it has read that message. */
export function makeCodeWord(random: SeededRandom): string {
  return `zu${syllables(random)}`;
}

/** The word with which the scripted model answers a message with that code word; nobody else can know it. */
export function toAnswerWord(codeWord: string): string {
  return `xo${syllables(new SeededRandom(codeWord))}`;
}

function syllables(random: SeededRandom): string {
  return Array.from({ length: 4 }, () => random.pick(CONSONANTS) + random.pick(VOWELS)).join("");
}

/**
 * A model that remembers what it was asked, and answers a message with a code word by the answer word that belongs to
 * it: a reply that has it was made by the model, from that message.
 */
export class ScriptedModel {
  /** How it words an answer around the answer word. */
  wording: (answer: string) => string = (answer) =>
    `I will remember the word ${answer}. Tell me more, I would like to understand it better.`;
  readonly #prompts = new RingBuffer<Prompt>(PROMPTS_KEPT);
  #asked = 0;

  /** Number of times that it was asked. */
  get asked(): number {
    return this.#asked;
  }

  /** For `MockOllamaServer`. */
  get replies(): readonly OllamaReplyRule[] {
    return [[/(?:)/, (request) => this.#answer(request)]];
  }

  /** The last prompt whose user's message has that text; undefined if the model was never asked so. */
  promptAbout(text: string): Prompt | undefined {
    return [...this.#prompts].findLast((prompt) => prompt.text.includes(text));
  }

  /** Prompts since the `from`th, oldest first. */
  promptsSince(from: number): readonly Prompt[] {
    const count = this.#asked - from;
    return count <= 0 ? [] : [...this.#prompts].slice(-count);
  }

  #answer(request: ReplyRequest): string {
    const { text, system, messages = [] } = request;
    const contents = messages.length > 0 ? messages.map(({ content }) => content) : [system, text];
    this.#prompts.push({ text, messages: contents, all: contents.join("\n") });
    this.#asked++;
    return CODE_WORD.test(text) ? this.replyTo(text) : companionReply(request, new SeededRandom(this.#asked));
  }

  /** What it answers to a text with a code word. */
  replyTo(text: string): string {
    const word = text.match(CODE_WORDS)?.at(-1) ?? "";
    return this.wording(toAnswerWord(word));
  }
}
