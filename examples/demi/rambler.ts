import { randomUUID } from "node:crypto";
import type { Clock } from "../../lib/base/clock.ts";
import type { EmotionName } from "../../lib/emotion/emotional_state.ts";
import type { DemiState } from "./emotions.ts";
import { holdBriefly } from "./hold.ts";
import { type Llm, LlmError } from "./llm.ts";
import { toRamblePrompt } from "./prompt.ts";
import type { Ramble, Storage } from "./storage.ts";

const LONELY = 0.7;
const EXCITED = 0.8;
const PAUSE_MS = 3_600_000;

/** The emotion that makes her speak unprompted, if one does. */
export function rambleEmotion({ values }: DemiState): EmotionName | undefined {
  if (values.loneliness > LONELY) return "loneliness";
  return values.excitement > EXCITED ? "excitement" : undefined;
}

/** Speaks unprompted when lonely or excited, at most once an hour, restarts included. */
export class Rambler {
  readonly #storage: Storage;
  readonly #llm: Llm;
  readonly #clock: Clock;
  readonly #publish: (ramble: Ramble) => void;
  #thinking = false;

  /** @param publish Saves the ramble and says it where people are. */
  constructor(storage: Storage, llm: Llm, clock: Clock, publish: (ramble: Ramble) => void) {
    this.#storage = storage;
    this.#llm = llm;
    this.#clock = clock;
    this.#publish = publish;
  }

  /** Rambles if it is time to. A model that does not answer costs nothing but the thought: the next tick tries anew. */
  async consider(state: DemiState): Promise<void> {
    const emotion = rambleEmotion(state);
    if (emotion === undefined || this.#thinking || !this.#isDue()) return;
    this.#thinking = true;
    try {
      const thought = this.#llm.chat(toRamblePrompt(state.values, emotion));
      const content = await holdBriefly(this.#clock, thought, "ramble");
      this.#publish({ id: randomUUID(), content, emotion, createdAt: this.#clock.now() });
    } catch (error) {
      if (!(error instanceof LlmError)) throw error; // those the observer knows of already
    } finally {
      this.#thinking = false;
    }
  }

  #isDue(): boolean {
    const [last] = this.#storage.rambles(1);
    return last === undefined || this.#clock.now() - last.createdAt >= PAUSE_MS;
  }
}
