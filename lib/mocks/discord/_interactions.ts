import type { SeededRandom } from "../../base/random.ts";
import { RestError } from "./_rest_errors.ts";
import type { DiscordWorld } from "./_world.ts";
import type { DiscordChannel, DiscordMessage, DiscordUser } from "./discord_types.ts";

/** How long a bot has for its first answer, on the clock. */
const FIRST_ANSWER_MS = 3000;
const TOKEN_LIFE_MS = 900_000;
const CAPACITY = 1000;

/** What a user did that wants an answer of the bot. */
export interface Interaction {
  readonly id: string;
  readonly token: string;
  /** Name of the command, or `custom_id` of the component. */
  readonly name: string;
  readonly user: DiscordUser;
  readonly channel: DiscordChannel;
  /** The message whose component was pressed. */
  readonly source: DiscordMessage | undefined;
  readonly createdAt: number;
  /** Settled by the first message that answers it. */
  readonly answer: PromiseWithResolvers<DiscordMessage>;
  /** Messages of it that only its user sees. */
  readonly hidden: Map<string, DiscordMessage>;
  isAcknowledged: boolean;
  /** Flags that were given when the answer was deferred. */
  deferredFlags: number;
  /** The first answer, which `@original` stands for. */
  originalId: string | undefined;
}

/** The interactions that bots can answer still: the last 1000. */
export class Interactions {
  readonly #world: DiscordWorld;
  readonly #random: SeededRandom;
  readonly #interactions = new Map<string, Interaction>();

  constructor(world: DiscordWorld, random: SeededRandom) {
    this.#world = world;
    this.#random = random;
  }

  create(fields: Pick<Interaction, "name" | "user" | "channel" | "source">): Interaction {
    const interaction: Interaction = {
      id: this.#world.nextId(),
      token: this.makeToken(),
      createdAt: this.#world.now(),
      answer: Promise.withResolvers<DiscordMessage>(),
      hidden: new Map(),
      isAcknowledged: false,
      deferredFlags: 0,
      originalId: undefined,
      ...fields,
    };
    this.#interactions.set(interaction.token, interaction);
    if (this.#interactions.size > CAPACITY) {
      this.#interactions.delete(this.#interactions.keys().next().value!);
    }
    return interaction;
  }

  /** A secret of an address, of seeded randomness. */
  makeToken(): string {
    const words = Array.from({ length: 12 }, () => this.#random.nextUint32().toString(36).padStart(7, "0"));
    return words.join("");
  }

  channelOf(token: string): DiscordChannel | undefined {
    return this.#interactions.get(token)?.channel;
  }

  /**
   * Takes the bot's first answer to an interaction.
   *
   * @throws {RestError} If it is not known, too late, or answered already.
   */
  acknowledge(id: string, token: string): Interaction {
    const interaction = this.#interactions.get(token);
    if (interaction?.id !== id) throw new RestError("unknownInteraction");
    if (interaction.isAcknowledged) throw new RestError("alreadyAcknowledged");
    const isLate = this.#world.now() - interaction.createdAt > FIRST_ANSWER_MS;
    if (isLate) throw new RestError("unknownInteraction");
    interaction.isAcknowledged = true;
    return interaction;
  }

  /**
   * The interaction that a bot goes on with.
   *
   * @throws {RestError} If it is not known, never acknowledged, or older than 15 minutes.
   */
  following(token: string): Interaction {
    const interaction = this.#interactions.get(token);
    if (!interaction?.isAcknowledged) throw new RestError("unknownWebhook");
    const isOver = this.#world.now() - interaction.createdAt > TOKEN_LIFE_MS;
    if (isOver) throw new RestError("invalidWebhookToken");
    return interaction;
  }
}
