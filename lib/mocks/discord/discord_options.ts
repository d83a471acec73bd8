import type { Clock } from "../../base/clock.ts";
import type { SeededRandom } from "../../base/random.ts";
import type { FaultLog } from "../faults/fault_log.ts";
import type { DiscordChannel, DiscordMessage, DiscordOverwrite } from "./discord_types.ts";

/** Options of `MockDiscordServer.listen`. */
export interface MockDiscordOptions {
  /** Port on 127.0.0.1; 0 takes a free one. @default {0} */
  port?: number | undefined;
  /**
   * Host and port that clients are told, in `GET /gateway`, in `resume_gateway_url` and in addresses of files: those of a
   * proxy that stands before the server. A function is asked each time. @default where it listens
   */
  advertisedAddress?: string | (() => string) | undefined;
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
  /** Shards that the bot needs: fewer close with 4011. @default {1} */
  shards?: number | undefined;
  /**
   * How often the bot may identify: `maxConcurrency` shards in a window that ends by the clock or in real time,
   * whichever is sooner, and so often in a day. Sooner gets op 9.
   *
   * @default {1 in 5000 ms, 1000 a day}
   */
  identifyLimit?:
    | {
        readonly maxConcurrency?: number | undefined;
        readonly windowMs?: number | undefined;
        readonly dailyStarts?: number | undefined;
      }
    | undefined;
  /** Bits of what the bot may do in every guild. @default everything but Administrator */
  botPermissions?: bigint | undefined;
  /**
   * Requests that a route takes in a window before it answers 429. The window ends by the clock or in real time,
   * whichever is sooner. @default {50 in 1000 ms}
   */
  rateLimit?: { readonly limit: number; readonly windowMs: number } | undefined;
  /** The same for all requests together. @default {50 in 1000 ms} */
  globalRateLimit?: { readonly limit: number; readonly windowMs: number } | undefined;
  /** Messages kept of each channel; of events, for a resume, twice as many. @default {1000} */
  historyLimit?: number | undefined;
  /** Real milliseconds that a message which the bot does not answer holds a virtual clock. @default {5000} */
  replyPatienceMs?: number | undefined;
  /** Where faults that strike are noted. @default a log of its own */
  faultLog?: FaultLog | undefined;
  /** Told of a defect of the mock itself; the client gets a 500. @default {console.error} */
  onError?: ((error: unknown) => void) | undefined;
}

/** A REST request or a gateway frame of the client. Never what people wrote. */
export type DiscordCall =
  | {
      readonly kind: "rest";
      readonly method: string;
      readonly path: string;
      /** 0 where a fault reset the connection instead of an answer. */
      readonly status: number;
    }
  | { readonly kind: "gateway"; readonly op?: number | undefined; readonly closeCode?: number | undefined };

/** Options of `MockDiscordServer.addChannel`. */
export interface AddChannelOptions {
  /** Id or name of a guild. @default the first one */
  guild?: string | undefined;
  /** One of `CHANNEL_TYPE`. @default {CHANNEL_TYPE.text} */
  type?: number | undefined;
  /** What the bot may do there. @default {"full"} */
  access?: "full" | "read-only" | "hidden" | undefined;
  /** The category that it is in, or the channel that a thread is in. */
  parent?: DiscordChannel | undefined;
  topic?: string | undefined;
  /** What roles and members may do there besides, or not. */
  overwrites?: readonly DiscordOverwrite[] | undefined;
}

/** Options of `MockDiscordServer.addUser`. */
export interface AddUserOptions {
  /** Whether it is a bot, to whom our bot cannot write directly. @default {false} */
  isBot?: boolean | undefined;
  /** Whether the bot can write to it directly; otherwise Discord refuses with 50007. @default {true} */
  acceptsDms?: boolean | undefined;
  /** Id or name of the guild that it joins. @default the first one */
  guild?: string | undefined;
  /** Ids of its roles there. @default {[]} */
  roles?: readonly string[] | undefined;
}

/** Options of `MockDiscordServer.addRole`. */
export interface AddRoleOptions {
  /** Id or name of a guild. @default the first one */
  guild?: string | undefined;
  /** Bits of what it allows. @default {0n} */
  permissions?: bigint | undefined;
}

/** A file that a user attaches. */
export interface DiscordUpload {
  readonly name: string;
  readonly data: Uint8Array | string;
  /** @default {"application/octet-stream"} */
  readonly contentType?: string | undefined;
}

/** Where a user does something. */
export interface DiscordPlaceOptions {
  /** Name or id of a channel or thread. @default the first one of the first guild */
  channel?: string | undefined;
  /** In the DM with the bot instead. @default {false} */
  inDm?: boolean | undefined;
}

/** Options of `MockDiscordServer.sendAsUser`. */
export interface SendAsUserOptions {
  /** Name or id of a channel or thread. @default the first one of the first guild */
  channel?: string | undefined;
  /** Begins the text with a mention of the bot. @default {false} */
  mentionBot?: boolean | undefined;
  /** The message that it answers. */
  repliesTo?: DiscordMessage | undefined;
  /** @default {[]} */
  files?: readonly DiscordUpload[] | undefined;
}

/** A value that a user gives to an option of a command: users, channels and roles by name or id. */
export type CommandValue = string | number | boolean;

/** A command that a user invoked, or a component that one pressed. */
export interface DiscordInvocation {
  /** Id of the interaction. */
  readonly id: string;
  /** Whether the bot said that it has it: an answer may still follow. */
  readonly isAcknowledged: boolean;
  /**
   * The first message by which the bot answers, one that only its user sees included.
   *
   * @throws {DeadlineError} If none came in time. Rejects with `signal.reason` when aborted.
   */
  response(options?: {
    timeoutMs?: number | undefined;
    signal?: AbortSignal | undefined;
  }): Promise<DiscordReply>;
}

/** Options of `MockDiscordServer.rateLimitNext`. */
export interface RateLimitNextOptions {
  /** `user`: the bucket of the request; `shared`: a resource that others use up; `global`: everything. @default {"user"} */
  scope?: "user" | "shared" | "global" | undefined;
  /** How long the client is told to wait, and is refused. @default {1000} */
  retryAfterMs?: number | undefined;
  /** How many requests are refused, not counting those that come too early. @default {1} */
  times?: number | undefined;
  /** Only requests of this method and path, such as `POST /channels/:id/messages`. @default all */
  route?: string | RegExp | undefined;
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
