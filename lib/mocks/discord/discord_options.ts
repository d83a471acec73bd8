import type { Clock } from "../../base/clock.ts";
import type { SeededRandom } from "../../base/random.ts";
import type { FaultLog } from "../faults/fault_log.ts";
import type { DiscordMessage } from "./discord_types.ts";

/** Options of `MockDiscordServer.listen`. */
export interface MockDiscordOptions {
  /** Port on 127.0.0.1; 0 takes a free one. @default {0} */
  port?: number | undefined;
  /** Time of messages, outages and deadlines. Heartbeats and rate limits run on real time. @default {systemClock} */
  clock?: Clock | undefined;
  /** Source of session ids. @default {new SeededRandom("discord")} */
  random?: SeededRandom | undefined;
  /** The only token that is let in. @default a made-up one, see `MockDiscordServer.token` */
  token?: string | undefined;
  /** Real milliseconds between heartbeats that clients are told. @default {41_250} */
  heartbeatIntervalMs?: number | undefined;
  /** How long a session that lost its connection can be resumed, on the clock. @default {180_000} */
  resumeWindowMs?: number | undefined;
  /** Name of the bot. @default {"Demi"} */
  botName?: string | undefined;
  /** Name of the guild. @default {"Test Guild"} */
  guildName?: string | undefined;
  /** Names of the guild's text channels. @default {["general"]} */
  channels?: readonly string[] | undefined;
  /** Bits of the intents that the bot may ask for; a further one closes with 4014. @default all */
  allowedIntents?: number | undefined;
  /** Requests that a route takes in a window of real time before it answers 429. @default {50 in 1000 ms} */
  rateLimit?: { readonly limit: number; readonly windowMs: number } | undefined;
  /** Real milliseconds that a message which the bot does not answer holds a virtual clock. @default {5000} */
  replyPatienceMs?: number | undefined;
  /** Where faults that strike are noted. @default a log of its own */
  faultLog?: FaultLog | undefined;
  /** Told of a defect of the mock itself; the client gets a 500. @default {console.error} */
  onError?: ((error: unknown) => void) | undefined;
}

/** A REST request or a gateway frame of the client. Never what people wrote. */
export type DiscordCall =
  | { readonly kind: "rest"; readonly method: string; readonly path: string; readonly status: number }
  | { readonly kind: "gateway"; readonly op?: number | undefined; readonly closeCode?: number | undefined };

/** Options of `MockDiscordServer.sendAsUser`. */
export interface SendAsUserOptions {
  /** Name or id of a channel of the guild. @default the first one */
  channel?: string | undefined;
  /** Begins the text with a mention of the bot. @default {false} */
  mentionBot?: boolean | undefined;
}

/** Options of `MockDiscordServer.waitForReply`. */
export interface WaitForReplyOptions {
  /** The message that wants an answer; says the channel, too. An answer that is there already counts. */
  to?: DiscordMessage | undefined;
  /** Name or id of the channel. @default the first one of the guild */
  channel?: string | undefined;
  /** Name of a user: waits in the DM with them. */
  user?: string | undefined;
  /** On the clock. @default {30_000} */
  timeoutMs?: number | undefined;
  signal?: AbortSignal | undefined;
}

/** What the bot answered. */
export interface DiscordReply {
  /** What a person reads: the content, or else the description of the first embed. */
  readonly text: string;
  readonly message: DiscordMessage;
}
