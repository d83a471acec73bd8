import { createHmac } from "node:crypto";
import type { AlertChannel, AlertMessage, ChannelOptions } from "../channel.ts";
import { checkUrl, post } from "./_post.ts";

/** Options of {@linkcode webhookChannel}. */
export interface WebhookChannelOptions extends ChannelOptions {
  readonly url: string;
  /** Signs what is sent: base64, with or without the prefix `whsec_`, as receivers of Standard Webhooks want it. */
  readonly secret?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/**
 * JSON to any web server: `{ id, time, group, source, isTest, alerts }`. The header `webhook-id` is the same each time that a message is
 * sent again. With a secret it is signed as Standard Webhooks has it: `webhook-signature` is the HMAC-SHA256 of id, timestamp and body.
 *
 * @throws {TypeError} If the URL or the secret is none.
 * @see https://www.standardwebhooks.com
 */
export function webhookChannel(options: WebhookChannelOptions): AlertChannel {
  const { name = "webhook", url, secret, headers, ...rest } = options;
  checkUrl(name, url);
  const key = secret === undefined ? undefined : Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  if (key && key.length < 16) {
    throw new TypeError(
      `Cannot make channel ${name}: 'secret' must be base64 of at least 16 bytes, got ${key.length} bytes`,
    );
  }
  return {
    ...rest,
    name,
    send: async (message: AlertMessage, signal) => {
      const body = JSON.stringify(message);
      const timestamp = String(Math.floor(message.time / 1000));
      const signed =
        key && createHmac("sha256", key).update(`${message.id}.${timestamp}.${body}`).digest("base64");
      const own = {
        "webhook-id": message.id,
        "webhook-timestamp": timestamp,
        ...(signed && { "webhook-signature": `v1,${signed}` }),
      };
      await post({ channel: name, url, body, headers: { ...headers, ...own }, signal });
    },
  };
}
