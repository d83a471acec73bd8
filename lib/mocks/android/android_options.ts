import type { BackoffOptions } from "../../base/backoff.ts";
import type { Clock } from "../../base/clock.ts";
import type { SeededRandom } from "../../base/random.ts";
import type { FaultLog } from "../faults/fault_log.ts";

/** What both protocols have. */
interface AndroidOptionsBase {
  /** Base address of the companion, such as `http://127.0.0.1:8081`. */
  readonly url: string;
  /** Time of deadlines, queues and token refreshes. @default {systemClock} */
  readonly clock?: Clock | undefined;
  /** Of faults and backoff. @default {seeded with the name of the user} */
  readonly random?: SeededRandom | undefined;
  /** Where faults that strike are noted. @default a log of its own */
  readonly faultLog?: FaultLog | undefined;
  /** Real milliseconds that a message which is not answered holds a virtual clock. @default {5000} */
  readonly replyPatienceMs?: number | undefined;
  /** Whether messages that arrive are acknowledged as read. @default {true} */
  readonly autoRead?: boolean | undefined;
  /** Whether a connection that was lost is made again, with growing delays of real time. @default {false} */
  readonly autoReconnect?: boolean | BackoffOptions | undefined;
  /**
   * After so much of the clock a message that was queued, and left without a reply, an error or a place in the history,
   * is lost. @default {300_000}
   */
  readonly lossAfterMs?: number | undefined;
  /** Told of frames that break the protocol and of refreshes that fail. @default {console.error} */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** Options of a client of the Android v1 API. */
export interface AndroidV1Options extends AndroidOptionsBase {
  /** @default {"v1"} */
  readonly protocol?: "v1" | undefined;
  readonly email: string;
  readonly password: string;
  readonly deviceName: string;
  /** Tells devices apart that have the same name. @default derived from the name */
  readonly deviceFingerprint?: string | undefined;
}

/** Options of a client of the older mobile API, which knows no passwords, tokens, history or receipts. */
export interface AndroidMobileOptions extends AndroidOptionsBase {
  readonly protocol: "mobile";
  readonly userId: string;
}

/** Options of `MockAndroidClient.connect`. */
export type MockAndroidOptions = AndroidV1Options | AndroidMobileOptions;

/** Options of `MockAndroidClient.nextReply`. */
export interface AndroidReplyOptions {
  /** On the clock. @default {30_000} */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Options of `MockAndroidClient.goOffline`. */
export interface GoOfflineOptions {
  /**
   * `silent`: the network is gone, and the companion is not told: what it sends is lost, its pings stay unanswered.
   * `reset`: it sees the connection reset.
   *
   * @default {"silent"}
   */
  readonly kind?: "silent" | "reset" | undefined;
}

/** One thing that the app did, or that came to it; never what people wrote. */
export interface AndroidCall {
  readonly kind: "http" | "sent" | "received" | "opened" | "closed";
  /** Method and path, or name of the frame. */
  readonly what: string;
  /** HTTP status, or close code. */
  readonly status?: number | undefined;
}

/** A login of the user, as `GET /api/v1/auth/sessions` tells it. */
export interface AndroidSession {
  readonly id: string;
  readonly deviceName: string;
  readonly isCurrent: boolean;
}
