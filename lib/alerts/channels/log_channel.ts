import { type AlertChannel, type AlertMessage, type ChannelOptions, linesOf, titleOf } from "../channel.ts";

/** Options of {@linkcode logChannel}. */
export interface LogChannelOptions extends ChannelOptions {
  /** @default {console.warn} */
  readonly write?: ((line: string) => void) | undefined;
}

/**
 * A line of a log for each alert.
 *
 * @example
 * ```ts
 * import { AlertNotifier, logChannel } from "demi-health/alerts";
 *
 * await using notifier = new AlertNotifier({ channels: [logChannel({ write: () => {} })] });
 * await notifier.test("log");
 * ```
 */
export function logChannel(options: LogChannelOptions = {}): AlertChannel {
  const { name = "log", write = console.warn, ...rest } = options;
  return {
    ...rest,
    name,
    send: (message: AlertMessage) => {
      for (const line of linesOf(message)) write(oneLine(`${titleOf(message)}: ${line}`));
      return Promise.resolve();
    },
  };
}

/** What comes from outside must not begin a line of its own. */
function oneLine(text: string): string {
  return text.replace(/\p{Cc}+/gu, " ");
}
