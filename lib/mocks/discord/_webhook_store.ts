import type { DiscordUser } from "./discord_types.ts";

/** A webhook of a channel. */
export interface Webhook {
  readonly id: string;
  readonly token: string;
  readonly channelId: string;
  readonly guildId: string | undefined;
  readonly name: string;
  readonly avatar: string | null;
  readonly creator: DiscordUser;
}

/** All webhooks. */
export class WebhookStore {
  readonly #webhooks = new Map<string, Webhook>();

  get(id: string): Webhook | undefined {
    return this.#webhooks.get(id);
  }

  put(webhook: Webhook): Webhook {
    this.#webhooks.set(webhook.id, webhook);
    return webhook;
  }

  delete(id: string): void {
    this.#webhooks.delete(id);
  }

  /** Those for which `matches` holds. */
  filter(matches: (webhook: Webhook) => boolean): readonly Webhook[] {
    return [...this.#webhooks.values()].filter(matches);
  }
}

/** A webhook as the wire has it. */
export function toWireWebhook(webhook: Webhook, applicationId: string): Record<string, unknown> {
  const { id, token, channelId, guildId, name, avatar, creator } = webhook;
  return {
    id,
    type: 1,
    token,
    channel_id: channelId,
    guild_id: guildId,
    name,
    avatar,
    user: creator,
    application_id: applicationId,
  };
}
