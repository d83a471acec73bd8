import {
  type AlertChannel,
  type AlertMessage,
  type ChannelOptions,
  cut,
  linesOf,
  titleOf,
} from "../channel.ts";
import { checkUrl, post } from "./_post.ts";

/** Options of {@linkcode slackChannel}. */
export interface SlackChannelOptions extends ChannelOptions {
  /** An incoming webhook of Slack, or of what takes the same: Mattermost, Rocket.Chat, Zulip. */
  readonly url: string;
}

// Slack cuts at 40,000 itself, wherever that is.
const MOST_TEXT = 39_000;

/** A message by an incoming webhook of Slack. */
export function slackChannel({ name = "slack", url, ...rest }: SlackChannelOptions): AlertChannel {
  checkUrl(name, url);
  return {
    ...rest,
    name,
    send: async (message: AlertMessage, signal) => {
      const text = [`*${escapeText(titleOf(message))}*`, ...linesOf(message).map(escapeText)].join("\n");
      await post({ channel: name, url, body: { text: cut(text, MOST_TEXT) }, signal });
    },
  };
}

/** The three that Slack's own documents ask to escape; what is between angle brackets would be a link or a mention. */
function escapeText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
