// Users of the demo: they talk to the companion over the mocks as people would, seeded, until told to stop.
import type { Clock, SeededRandom } from "demi-health/base";
import { MockAndroidClient, type MockDiscordServer } from "demi-health/mocks";

const TEXTS = {
  greeting: ["Hello Demi!", "Hi there, how are you today?", "Good morning, Demi"],
  question: [
    "What do you think about while nobody writes?",
    "Do you remember what we said yesterday?",
    "Which music would you listen to on a rainy day?",
    "Can you explain how a heat pump works?",
  ],
  affection: ["I love talking to you", "Thank you, you are wonderful", "You made my day, thanks!"],
  away: ["I have been away for days, so much to do", "It has been a while, hasn't it?"],
  negative: ["That was a stupid answer", "You are annoying today", "Leave me alone for a moment"],
  code: ["I committed a change to your code", "Your new version is deployed"],
  error: ["The build failed", "It answers with an error again"],
  help: ["It works now", "That fixed it"],
  long: ["Let me tell you about my week. ".repeat(12).trim()],
  unusual: ["🦊🌧️💜", "مرحبا ديمي، كيف حالك؟", "…", "```ts\nconst x: number = 1;\n```"],
} as const;

type Kind = keyof typeof TEXTS;

// A user's mood decides what they mostly write, and changes now and then. Most of what people write moves nothing; what
// does pulls both ways, so that the nine emotions wander and do not stick to their bounds.
const MOODS: readonly (readonly Kind[])[] = [
  ["greeting", "question", "long", "affection", "question", "unusual"],
  ["away", "question", "away", "long", "question", "unusual"],
  ["code", "error", "help", "question", "help", "question"],
  ["negative", "question", "away", "question", "long", "question"],
];

/** Options of {@linkcode SimulatedUsers}. */
export interface SimulatedUsersOptions {
  readonly discord: MockDiscordServer;
  /** Base address of the companion's Android interface. */
  readonly androidUrl: string;
  readonly clock: Clock;
  readonly random: SeededRandom;
  /** Mean time between two messages of one user. */
  readonly meanGapMs?: number;
  readonly onError?: (error: unknown) => void;
}

/** Three users on Discord and one with the Android app. */
export class SimulatedUsers implements AsyncDisposable {
  readonly #options: Required<SimulatedUsersOptions>;
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>[] = [];
  #sent = 0;

  constructor(options: SimulatedUsersOptions) {
    this.#options = { meanGapMs: 10_000, onError: () => {}, ...options };
  }

  /** They begin to talk. */
  start(): void {
    for (const name of ["ada", "grace", "linus"]) {
      const { discord } = this.#options;
      this.#running.push(this.#live(name, (text) => void discord.sendAsUser(name, text)));
    }
    this.#running.push(this.#liveOnAndroid());
  }

  /** Messages that the users have sent. */
  get sent(): number {
    return this.#sent;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#running);
  }

  async #liveOnAndroid(): Promise<void> {
    let client: MockAndroidClient | undefined;
    await this.#live("marie", async (text) => {
      if (!client?.isConnected) {
        await client?.[Symbol.asyncDispose]();
        client = await MockAndroidClient.connect({
          url: this.#options.androidUrl,
          email: "marie@example.org",
          password: "correct horse battery staple",
          deviceName: "Pixel",
        });
      }
      client.send(text);
    });
    await client?.[Symbol.asyncDispose]();
  }

  async #live(name: string, send: (text: string) => void | Promise<void>): Promise<void> {
    const { clock, meanGapMs, onError } = this.#options;
    const random = this.#options.random.stream(name);
    const { signal } = this.#stopping;
    let mood = random.pick(MOODS);
    let gapMs = random.next() * 1_500; // everybody says something in the first moments, so that the page moves
    while (await slept(clock, gapMs, signal)) {
      if (random.chance(0.25)) mood = random.pick(MOODS);
      try {
        await send(random.pick(TEXTS[random.pick(mood)]));
        this.#sent++;
      } catch (error) {
        onError(error); // a platform that is down is what the demo shows; its user tries again
      }
      gapMs = 1_000 + random.exponential(meanGapMs - 1_000);
    }
  }
}

async function slept(clock: Clock, delayMs: number, signal: AbortSignal): Promise<boolean> {
  try {
    await clock.sleep(delayMs, { signal });
    return true;
  } catch {
    return false;
  }
}
