import {
  type AlertChannel,
  type AlertMessage,
  type ChannelOptions,
  cut,
  linesOf,
  titleOf,
} from "../channel.ts";
import { checkUrl, post } from "./_post.ts";

/** Options of {@linkcode ntfyChannel}. */
export interface NtfyChannelOptions extends ChannelOptions {
  /** @default {"https://ntfy.sh"} */
  readonly url?: string | undefined;
  readonly topic: string;
  /** Access token, `tk_…`. */
  readonly token?: string | undefined;
}

// Of 4,096 bytes a server takes; what is longer becomes a file.
const MOST_TEXT = 1300;
const PRIORITIES = { info: 3, warning: 4, critical: 5 } as const;

/** A push message to a phone, by a server of ntfy. */
export function ntfyChannel(options: NtfyChannelOptions): AlertChannel {
  const { name = "ntfy", url = "https://ntfy.sh", topic, token, ...rest } = options;
  checkUrl(name, url);
  if (!/^[-_A-Za-z0-9]{1,64}$/.test(topic)) {
    throw new TypeError(
      `Cannot make channel ${name}: 'topic' must be 1 to 64 letters, digits, - or _, got ${topic}`,
    );
  }
  return {
    ...rest,
    name,
    send: async (message: AlertMessage, signal) => {
      const firing = message.alerts.filter(({ state }) => state !== "resolved");
      const body = {
        topic,
        title: titleOf(message),
        message: cut(linesOf(message).join("\n"), MOST_TEXT),
        priority: Math.max(2, ...firing.map(({ level }) => PRIORITIES[level])),
        tags: [firing.length > 0 ? "warning" : "white_check_mark"],
        ...(message.source.url && { click: message.source.url }),
      };
      const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
      await post({ channel: name, url, body, headers, signal });
    },
  };
}
