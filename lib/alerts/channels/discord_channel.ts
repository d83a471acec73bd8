import type { Alert } from "../alert.ts";
import {
  type AlertChannel,
  type AlertMessage,
  type ChannelOptions,
  cut,
  linesOf,
  titleOf,
} from "../channel.ts";
import { checkUrl, post } from "./_post.ts";

/** Options of {@linkcode discordChannel}. */
export interface DiscordChannelOptions extends ChannelOptions {
  /** A channel's webhook: its settings, Integrations, Webhooks. */
  readonly url: string;
}

// Discord's own limits: https://discord.com/developers/docs/resources/message#embed-object-embed-limits
const MOST_TITLE = 256;
const MOST_TEXT = 4000;
const COLORS = { critical: 0xd3_2f_2f, warning: 0xef_6c_00, info: 0x15_65_c0, resolved: 0x2e_7d_32 } as const;

/** A message in a channel of Discord, by a webhook. Nobody is pinged by what an alert says. */
export function discordChannel({ name = "discord", url, ...rest }: DiscordChannelOptions): AlertChannel {
  checkUrl(name, url);
  return {
    ...rest,
    name,
    send: async (message: AlertMessage, signal) => {
      const embed = {
        title: cut(titleOf(message), MOST_TITLE),
        description: cut(linesOf(message).map(escapeMarkdown).join("\n"), MOST_TEXT),
        color: COLORS[colorOf(message.alerts)],
        timestamp: new Date(message.time).toISOString(),
        ...(message.source.url && { url: message.source.url }),
      };
      await post({ channel: name, url, body: { embeds: [embed], allowed_mentions: { parse: [] } }, signal });
    },
  };
}

function colorOf(alerts: readonly Alert[]): keyof typeof COLORS {
  const firing = alerts.filter(({ state }) => state !== "resolved");
  if (firing.length === 0) return "resolved";
  return (["critical", "warning", "info"] as const).find((level) =>
    firing.some((one) => one.level === level),
  )!;
}

function escapeMarkdown(text: string): string {
  return text.replace(/[\\*_~`|>#[\]()]/g, "\\$&");
}
