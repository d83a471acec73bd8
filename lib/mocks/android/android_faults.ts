/** What the app can do wrong to a companion, on a schedule. An occasion is a message that is sent. */
export type AndroidFault =
  /** It is sent twice, as after an acknowledgement that was lost. The wire has no id by which to tell. */
  | { readonly kind: "duplicate-send" }
  /** It is sent behind the next one; after `holdMs` of the clock even without one. */
  | { readonly kind: "out-of-order"; /** @default {1000} */ readonly holdMs?: number | undefined }
  /** A frame that is not of the protocol is sent before it: no JSON, an unknown event, wrong fields, or binary. */
  | { readonly kind: "garbage-frame" }
  /** Nothing is read for `ms` of the clock. */
  | { readonly kind: "slow-reader"; readonly ms: number }
  /** Nothing is read any more, pings included, and the connection stays open until the app reconnects. */
  | { readonly kind: "half-open" }
  /**
   * It says that it was written `ms` later than it was, in a field `created_at` like that of the companion's own
   * messages: a client's time is not to be believed.
   */
  | { readonly kind: "clock-skew"; readonly ms: number };
