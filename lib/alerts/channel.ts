import type { Alert, AlertLevel } from "./alert.ts";
import type { LabelMatcher } from "./matcher.ts";

/** What a channel is to deliver: alerts of one group that began or ended to fire at about the same time. */
export interface AlertMessage {
  /** The same each time that the same is sent again, for a receiver that wants it once. */
  readonly id: string;
  /** Epoch ms. */
  readonly time: number;
  readonly group: string;
  /** State `firing` for those that began, `resolved` for those that ended. */
  readonly alerts: readonly Alert[];
  /** Who sends it. */
  readonly source: AlertSource;
  /** Sent to try the channel: nothing is wrong. */
  readonly isTest?: boolean | undefined;
}

/** Whose alerts they are. */
export interface AlertSource {
  readonly name: string;
  /** Where its page is. */
  readonly url?: string | undefined;
}

/** Options that all channels have. */
export interface ChannelOptions {
  /** Unique among the channels of a notifier. Default: what the channel is. */
  readonly name?: string | undefined;
  /** Alerts below are not sent. @default {"info"} */
  readonly minimumLevel?: AlertLevel | undefined;
  /** Only alerts with these labels; see {@linkcode Silence} for which there are. */
  readonly matchers?: readonly LabelMatcher[] | undefined;
  /** @default {20} */
  readonly maxPerMinute?: number | undefined;
}

/** A way to people. */
export interface AlertChannel extends ChannelOptions {
  readonly name: string;
  /** Sends what fires so often again, for a receiver that takes silence for the end. */
  readonly repeatMs?: number | undefined;
  /**
   * Resolves when the receiver has it.
   *
   * @throws {ChannelError} If it has not; whether it may be worth another try, and when, is said by the error.
   */
  send(message: AlertMessage, signal: AbortSignal): Promise<void>;
}

/** A receiver did not take a message. The text has no address: that of a webhook is a secret. */
export class ChannelError extends Error {
  override readonly name: string = "ChannelError";
  readonly channel: string;
  /** HTTP status, where there is one. */
  readonly status: number | undefined;
  /** Another try is of no use. */
  readonly isFinal: boolean;
  /** How long the receiver asked to be left alone. */
  readonly retryAfterMs: number | undefined;

  constructor(
    channel: string,
    reason: string,
    options: { status?: number; isFinal?: boolean; retryAfterMs?: number | undefined; cause?: unknown } = {},
  ) {
    super(`Cannot send alerts by ${channel}: ${reason}`, { cause: options.cause });
    this.channel = channel;
    this.status = options.status;
    this.isFinal = options.isFinal ?? false;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** Title of a message, for people. */
export function titleOf({ alerts, group, isTest, source }: AlertMessage): string {
  if (isTest) return `Test of ${source.name}'s alerts`;
  const fires = alerts.filter(({ state }) => state !== "resolved").length;
  const over = alerts.length - fires;
  const counts = [fires > 0 ? `${fires} firing` : "", over > 0 ? `${over} resolved` : ""];
  const [first] = alerts;
  const what = alerts.length === 1 && first ? first.rule : group;
  const said = alerts.length === 1 ? (fires > 0 ? "firing" : "resolved") : counts.filter(Boolean).join(", ");
  return `${source.name}: ${what} ${said}`;
}

/** A line for each alert, plain text. */
export function linesOf({ alerts, isTest }: AlertMessage): string[] {
  if (isTest) return ["Nothing is wrong: somebody tried whether alerts arrive here."];
  return alerts.map(({ message, state, level, flapping, runbook }) => {
    const said = `${state === "resolved" ? "Resolved" : level}: ${message}${flapping ? " (again and again)" : ""}`;
    return runbook ? `${said} ${runbook}` : said;
  });
}

/** No more than so many characters, and none cut in two. */
export function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1).toWellFormed()}…`;
}
