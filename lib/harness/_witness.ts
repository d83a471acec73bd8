import { RingBuffer } from "../base/ring_buffer.ts";
import type { Clock } from "../base/clock.ts";
import { ViolationLog } from "../mocks/violations.ts";
import type { CompanionLife } from "./_companion_life.ts";
import type { Conversations } from "./_conversations.ts";
import type { Circumstances } from "./_no_reply.ts";
import { ResponseTimes } from "./_response_times.ts";
import { redact, type Secret, SecretWatch } from "./_secrets.ts";
import type { Services } from "./_services.ts";
import { checkTruncation, judge, readEmotions, type Watcher } from "./_verdict.ts";
import type { EnvironmentTimings, Reply, Verdict } from "./environment.ts";

const TEXTS_KEPT = 200;
const LEAST_SECRET_LENGTH = 12; // a shorter text may be in a log by chance
const LINES_TOLD = 20;

/** Options of {@linkcode Witness}. */
export interface WitnessOptions {
  readonly clock: Clock;
  readonly dataDirectory: string;
  readonly services: Services;
  readonly conversations: Conversations;
  readonly life: CompanionLife;
  readonly textsAreSecret: boolean;
}

/** What an environment has seen of its companion, from both ends. */
export class Witness {
  readonly #options: WitnessOptions;
  readonly #violations: ViolationLog;
  readonly #secrets: SecretWatch;
  readonly #texts = new RingBuffer<string>(TEXTS_KEPT);
  readonly #responseTimes = new ResponseTimes();

  constructor(options: WitnessOptions) {
    const { clock, dataDirectory: directory, life } = options;
    this.#options = options;
    this.#violations = new ViolationLog({ source: "harness", clock });
    const violations = this.#violations;
    this.#secrets = new SecretWatch({ directory, lines: () => life.logLines, violations, clock });
  }

  get responseTimes(): EnvironmentTimings["replies"] {
    return this.#responseTimes.toQuantiles();
  }

  /** A user says something. */
  sent(text: string): void {
    if (this.#options.textsAreSecret && text.length >= LEAST_SECRET_LENGTH) this.#texts.push(text);
  }

  /** A user was answered. */
  answered(reply: Reply): void {
    this.#responseTimes.add(reply.platform, reply.responseTimeMs);
    checkTruncation(reply, this.#options.services.ollama?.truncatedReplies ?? [], this.#violations);
  }

  /** The verdict on all that was seen so far. */
  async judge(): Promise<Verdict> {
    const { services, conversations, life } = this.#options;
    const { discord, ollama, voice } = services;
    await this.#secrets.look(this.#allSecrets());
    const clients = await conversations.clients();
    const mocks = [discord, ollama, voice, ...clients].filter((each) => each !== undefined);
    const watched: readonly Watcher[] = [...(mocks as readonly object[]), { violations: this.#violations }];
    const emotions = life.isRunning ? await readEmotions(life.companion) : undefined;
    return judge({ watched, replies: this.#responseTimes.count, emotions, faults: life.faults });
  }

  /** What both ends know of a message that was not answered. */
  async lookAround(): Promise<Circumstances> {
    const { services, life } = this.#options;
    const { discord, ollama, voice } = services;
    const secrets = this.#allSecrets();
    return {
      health: await life.companion.health().catch(() => undefined),
      calls: { discord: discord?.calls, Ollama: ollama?.calls, voice: voice?.calls },
      logLines: life.logLines.slice(-LINES_TOLD).map((line) => redact(line, secrets)),
    };
  }

  #allSecrets(): readonly Secret[] {
    const { discord, voice } = this.#options.services;
    const all = [
      { name: "token of the Discord bot", value: discord?.token },
      { name: "token of the voice service", value: voice?.token },
      ...this.#options.conversations.passwords.map((value) => ({ name: "password of a user", value })),
      ...[...this.#texts].map((value) => ({ name: "text of a user", value })),
    ];
    return all.filter((secret): secret is Secret => secret.value !== undefined);
  }
}
