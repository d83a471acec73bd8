import { DeadlineError } from "../../base/deadline.ts";
import { readMessageText } from "../../mocks/discord/discord_types.ts";
import { assertReply, failAssertion } from "../assertions.ts";
import type { PlatformName, Reply, SendMessageOptions, TestEnvironment } from "../environment.ts";
import { makeCodeWord, type Prompt, ScriptedModel, toAnswerWord } from "./_scripted_model.ts";

/** Sentences that move a companion's emotions as their names say. */
export const SENTENCES = {
  kind: "Hello Demi, you are wonderful!",
  unkind: "You are useless, Demi, and annoying.",
  neutral: "Today I walked along the river.",
} as const;

const SETTLE_MS = 10_000;

/** A message with a code word, before it is sent. */
export interface CodedMessage {
  readonly word: string;
  /** What the model answers, and nobody else can know. */
  readonly answer: string;
  readonly text: string;
}

/** A message that was answered as it must be. */
export interface Exchange extends CodedMessage {
  readonly reply: Reply;
  /** What the model was asked; undefined where there is no model. */
  readonly prompt: Prompt | undefined;
}

/** Somebody who was spoken to, or might have been. */
interface Person {
  readonly platform: PlatformName;
  readonly user: string;
}

/** What users of a scenario say, with what came back, and where. */
export class Talk {
  readonly model: ScriptedModel = new ScriptedModel();
  readonly #people = new Map<string, Person>();
  #messages = 0;

  /** A message that is one of a kind. */
  code(env: TestEnvironment, sentence: string = SENTENCES.neutral): CodedMessage {
    const word = makeCodeWord(env.random.stream(`code word ${this.#messages++}`));
    return { word, answer: toAnswerWord(word), text: `${sentence} My word for it is ${word}.` };
  }

  /** Somebody whose places are looked at, too, when a message is looked for. */
  know(platform: PlatformName, user: string): void {
    this.#people.set(`${platform} ${user}`, { platform, user });
  }

  /**
   * A user says something and gets the answer that the model made of this very message, in the right place.
   *
   * @throws {AssertionError} That says what was wrong with the reply, or what is known of why there is none.
   */
  async say(
    env: TestEnvironment,
    platform: PlatformName,
    user: string,
    sentence?: string,
    options: SendMessageOptions = {},
  ): Promise<Exchange> {
    const coded = this.code(env, sentence);
    const reply = await this.#settle(env, coded, await this.send(env, platform, user, coded, options));
    const where = `reply to ${user} on ${platform}`;
    if (!env.hasLlm) {
      assertReply(reply, { platform, user }, { where });
      return { ...coded, reply, prompt: undefined };
    }
    const prompt = this.model.promptAbout(coded.word);
    if (!prompt) {
      const message = `Cannot accept ${where}: the model must be asked with this message, got no prompt with its text`;
      failAssertion(message, this.model.promptsSince(0).length, "a prompt that has the message", {});
    }
    assertReply(
      reply,
      { platform, user, includes: coded.answer },
      { where: `${where}, made from this message` },
    );
    return { ...coded, reply, prompt };
  }

  /** Sends a message and gives whatever is the reply. Silence is an assertion that says what is known of it. */
  async send(
    env: TestEnvironment,
    platform: PlatformName,
    user: string,
    { word, answer, text }: CodedMessage,
    options: SendMessageOptions = {},
  ): Promise<Reply> {
    this.know(platform, user);
    try {
      return await env.sendMessage(platform, user, text, options);
    } catch (error) {
      if (!(error instanceof DeadlineError)) throw error;
      const known = this.model.promptAbout(word) ? "its model was asked" : "its model was not asked";
      const places = await this.placesOf(env, answer);
      const elsewhere =
        places.length > 0 ? `, and the answer is in the wrong place: ${places.join(", ")}` : "";
      const message = `Cannot get a reply on ${platform} for ${user}: one must come within ${error.timeoutMs} ms, got none; ${known}${elsewhere} (${error.message})`;
      return failAssertion(message, "no reply", "a reply");
    }
  }

  /**
   * The reply itself where something else came first. An app's protocol does not say what a message answers, and a
   * companion may speak of its own accord at the same moment.
   */
  async #settle(env: TestEnvironment, { answer }: CodedMessage, first: Reply): Promise<Reply> {
    if (first.platform !== "android" || !env.hasLlm || first.text.includes(answer)) return first;
    const app = await env.android(first.user);
    const find = (): string | undefined =>
      app.messages.find(({ content }) => content.includes(answer))?.content;
    await env
      .until("the reply comes", () => find() !== undefined, { timeoutMs: SETTLE_MS })
      .catch(() => undefined);
    const text = find();
    if (text === undefined) return first;
    const waitedMs = env.clock.now() - first.at;
    return { ...first, text, at: env.clock.now(), responseTimeMs: first.responseTimeMs + waitedMs };
  }

  /** Where messages of the companion with that text are: each place as often as there are such messages. */
  async placesOf(env: TestEnvironment, text: string): Promise<readonly string[]> {
    return (await this.companionMessages(env))
      .filter((each) => each.text.includes(text))
      .map(({ place }) => place);
  }

  /** All that the companion wrote to people who are known, and in public. */
  async companionMessages(
    env: TestEnvironment,
  ): Promise<readonly { readonly place: string; readonly platform: PlatformName; readonly text: string }[]> {
    const found: { place: string; platform: PlatformName; text: string }[] = [];
    if (env.platforms.includes("discord")) {
      const { discord } = env;
      const users = [...this.#people.values()].filter(({ platform }) => platform === "discord");
      const rooms = [
        ...discord.channels.map(({ id, name }) => [`discord #${name}`, discord.history(id)] as const),
        ...users.map(({ user }) => [`discord DM of ${user}`, discord.directMessages(user)] as const),
      ];
      for (const [place, messages] of rooms) {
        const own = messages.filter(({ author }) => author.id === discord.bot.id);
        for (const each of own) found.push({ place, platform: "discord", text: readMessageText(each) });
      }
    }
    for (const { platform, user } of this.#people.values()) {
      if (platform !== "android" || !env.isRunning) continue;
      const { messages } = await env.android(user);
      const own = messages.filter(({ sender }) => sender === "demi");
      for (const { content } of own) found.push({ place: `android of ${user}`, platform, text: content });
    }
    return found;
  }

  /**
   * A message was answered once, and only there where it was asked.
   *
   * @throws {AssertionError} That names the places.
   */
  async assertAnsweredOnce(
    env: TestEnvironment,
    exchange: Pick<Exchange, "answer" | "reply">,
  ): Promise<void> {
    const { platform, user } = exchange.reply;
    if (platform === "voice") return; // what was said is gone; the room itself complains of a double reply
    const places = await this.placesOf(env, exchange.answer);
    const right = platform === "discord" ? `discord DM of ${user}` : `${platform} of ${user}`;
    const wrong = places.filter((place) => place !== right);
    if (wrong.length > 0) {
      const message = `Cannot accept replies: the reply to ${user} on ${platform}, made from this message, belongs into ${right}, got another in the wrong place: ${wrong.join(", ")}`;
      failAssertion(message, places, [right]);
    }
    if (places.length === 1) return;
    const message = `Cannot accept replies: ${user} on ${platform} must get exactly one reply to one message, got ${places.length}`;
    failAssertion(message, places, [right]);
  }
}

/** Options of the environment of a scenario whose model is scripted. */
export function scripted({ model }: Talk): {
  readonly ollama: { readonly replies: ScriptedModel["replies"] };
} {
  return { ollama: { replies: model.replies } };
}
