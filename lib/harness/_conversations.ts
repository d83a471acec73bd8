import { MockAndroidClient } from "../mocks/android/mock_android_client.ts";
import { readMessageText } from "../mocks/discord/discord_types.ts";
import type { PlatformName, SendMessageOptions } from "./environment.ts";
import type { Services } from "./_services.ts";
import type { EnvironmentTime } from "./_time.ts";

/** What a user read or heard, and how long it took. */
export interface Answer {
  readonly text: string;
  /** Where it is not the time from sending to reading: a voice is answered when it has ended, by a voice that begins. */
  readonly responseTimeMs?: number | undefined;
}

/** Where the companion's own interface is, for those who connect to it. */
export type CompanionUrl = () => string;

/** The users of an environment: what they say on each platform, and what they read or hear there. */
export class Conversations implements AsyncDisposable {
  readonly #services: Services;
  readonly #time: EnvironmentTime;
  readonly #url: CompanionUrl;
  readonly #androids = new Map<string, Promise<MockAndroidClient>>();
  readonly #turns = new Map<string, Promise<unknown>>();

  readonly #onError: (error: unknown) => void;

  /** @param onError Told what an app complains of, such as a companion that is off when its token ends. */
  constructor(
    services: Services,
    time: EnvironmentTime,
    url: CompanionUrl,
    onError: (error: unknown) => void,
  ) {
    this.#services = services;
    this.#time = time;
    this.#url = url;
    this.#onError = onError;
  }

  /** The app of a user, connected; connected again when its connection has ended. */
  async android(user: string): Promise<MockAndroidClient> {
    let connecting = this.#androids.get(user);
    if (!connecting) {
      const options = {
        url: this.#url(),
        clock: this.#time.clock,
        email: `${user}@users.example`,
        password: passwordOf(user),
        deviceName: `phone of ${user}`,
        deviceFingerprint: `phone-${user}`,
        onError: this.#onError,
      };
      connecting = MockAndroidClient.connect(options);
      this.#androids.set(user, connecting);
      connecting.catch(() => this.#androids.delete(user)); // so that the next message tries anew
    }
    const client = await connecting;
    if (!client.isConnected) await client.reconnect(this.#url());
    return client;
  }

  /** What users log in with. */
  get passwords(): readonly string[] {
    return [...this.#androids.keys()].map(passwordOf);
  }

  /** Clients that were connected so far. */
  async clients(): Promise<readonly MockAndroidClient[]> {
    const settled = await Promise.allSettled(this.#androids.values());
    return settled.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
  }

  /** What the user reads or hears as the answer. */
  async exchange(
    platform: PlatformName,
    user: string,
    text: string,
    options: SendMessageOptions,
  ): Promise<Answer> {
    const { timeoutMs = 60_000, channel, signal } = options;
    const wait = { timeoutMs, signal };
    if (platform === "android") return await this.#inTurn(user, () => this.#onAndroid(user, text, wait));
    // a room hears one after another
    if (platform === "voice")
      return await this.#inTurn("the voice room", () => this.#inRoom(user, text, wait));
    const discord = this.#services.discord!;
    const message =
      channel === undefined ? discord.sendDM(user, text) : discord.sendAsUser(user, text, { channel });
    const reply = await this.#time.run(discord.waitForReply({ to: message, ...wait }));
    return { text: readMessageText(reply.message) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const clients = await this.clients();
    this.#androids.clear();
    await Promise.all(clients.map((client) => client[Symbol.asyncDispose]()));
  }

  async #onAndroid(
    user: string,
    text: string,
    wait: { timeoutMs: number; signal: AbortSignal | undefined },
  ): Promise<Answer> {
    const client = await this.#time.runSoon(this.android(user));
    return { text: (await this.#time.run(client.sendAndWait(text, wait))).content };
  }

  async #inRoom(
    user: string,
    text: string,
    wait: { timeoutMs: number; signal: AbortSignal | undefined },
  ): Promise<Answer> {
    const voice = this.#services.voice!;
    const utterance = voice.say(user, text);
    const reply = await this.#time.run(voice.waitForReply({ to: utterance, ...wait }));
    const { endedAt = reply.startedAt } = utterance;
    return { text: reply.text, responseTimeMs: Math.max(0, reply.startedAt - endedAt) };
  }

  // The app's protocol does not say which message a reply answers: one at a time is certain.
  async #inTurn<T>(user: string, work: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(user) ?? Promise.resolve();
    const turn = before.then(work, work);
    this.#turns.set(
      user,
      turn.catch(() => undefined),
    );
    return await turn;
  }
}

function passwordOf(user: string): string {
  return `password-of-${user}`;
}
