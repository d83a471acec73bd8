/**
 * What Discord can do wrong to its client, on a schedule: the REST faults strike at requests, the gateway faults at
 * connections, dispatches, heartbeats.
 */
export type DiscordFault = DiscordRestFault | DiscordGatewayFault;

/** Which requests a REST fault is about. */
export interface RestFaultTarget {
  /**
   * Only requests of this method and path: a text such as `POST /channels/:id/messages` (`:name` stands for one part,
   * the version is left out, the method may be), or a pattern for `METHOD /path`. @default all
   */
  readonly route?: string | RegExp | undefined;
}

/** A fault of the REST API. An occasion is a request that it is about. */
export type DiscordRestFault =
  /** The request is refused with a status, and Discord's body with `code`, such as 500, 502, 403 with 50001. */
  | (RestFaultTarget & {
      readonly kind: "rest-error";
      readonly status: number;
      /** Discord's error code. @default {0} */
      readonly code?: number | undefined;
      /** Text of the error. @default the status */
      readonly message?: string | undefined;
    })
  /** The answer comes `ms` late, on the clock; the request is done at once. */
  | (RestFaultTarget & { readonly kind: "rest-slow"; readonly ms: number })
  /** The connection is reset before anything is done. */
  | (RestFaultTarget & { readonly kind: "rest-reset" })
  /** The request is done; the answer is a 200 of broken JSON. */
  | (RestFaultTarget & { readonly kind: "rest-malformed" })
  /** The request is done; the connection is reset instead of an answer, so that clients that try again do it twice. */
  | (RestFaultTarget & { readonly kind: "rest-lost-response" });

/**
 * A fault of the gateway. Events are dispatches by their names, such as `MESSAGE_CREATE`; those of a log-in (READY,
 * its GUILD_CREATEs, what is replayed) and answers to requests of the client are no occasions. Numbers rise by one on every
 * connection, whatever happens: clients go by the last one.
 */
export type DiscordGatewayFault =
  /** A heartbeat is not acknowledged; nothing else is sent on that connection any more. */
  | { readonly kind: "zombie-acks" }
  /** Op 7 instead of a dispatch, which comes when the session is resumed. */
  | { readonly kind: "reconnect" }
  /** Op 9 instead of a dispatch, which comes if the session can be resumed, and is. */
  | { readonly kind: "invalid-session"; readonly resumable?: boolean | undefined }
  /** A dispatch is sent twice, the second time under the next number. */
  | { readonly kind: "duplicate-delivery"; readonly event?: string | undefined }
  /** A dispatch is sent after the one that follows it, or a second later where none does. */
  | { readonly kind: "out-of-order"; readonly event?: string | undefined }
  /** A dispatch is never sent, though its number is used. */
  | { readonly kind: "drop-event"; readonly event?: string | undefined }
  /** A dispatch is sent late, on the clock. */
  | { readonly kind: "delay-event"; readonly event?: string | undefined; readonly ms: number }
  /** A frame that is no JSON is sent before a dispatch. */
  | { readonly kind: "garbage-frame" }
  /** The connection is closed with a code instead of a dispatch, which comes if the session is resumed. */
  | { readonly kind: "close"; readonly code: number }
  /** HELLO comes late, in real time. */
  | { readonly kind: "slow-hello"; readonly ms: number };
