import type { Clock } from "../../base/clock.ts";
import type { Evidence, ViolationLog, ViolationRule } from "../violations.ts";
import { type GatewayClose, isFaultOfClient } from "./_gateway_close.ts";
import type { GatewaySession } from "./_gateway_session.ts";
import { RetryWatch } from "../_retry_watch.ts";
import { elapsedMs, type Moment, momentOf } from "../_moment.ts";

// discord.js tries a refused connection again each half second, eris and discordeno a few times at once: all of them
// stay below. Who goes on at once for longer is banned by the real Discord.
const CONNECTIONS = { hastyConnections: 20, stormConnections: 30 };
// Two clients that start at the same moment are no flood.
const FLOOD_TRIES = 4;
const FLOOD_MS = 10_000;

interface Attempt extends Moment {
  readonly at: number;
}

/** Looks at how a client treats the gateway, and notes what it does wrong. */
export class GatewayConduct {
  readonly #clock: Clock;
  readonly #violations: ViolationLog;
  readonly #retries: RetryWatch;
  #floods: Attempt[] = [];

  constructor(clock: Clock, violations: ViolationLog) {
    this.#clock = clock;
    this.#violations = violations;
    this.#retries = new RetryWatch(clock, violations, CONNECTIONS);
  }

  /** A connection was refused because Discord is down. */
  connectionRefused(): void {
    this.#retries.connectionFailed();
  }

  /** A session is ready. */
  connected(): void {
    this.#retries.connectionWorked();
    this.#floods = [];
  }

  /** IDENTIFY came before its window was over. */
  identifiedTooSoon(): void {
    const now = this.#now();
    this.#floods = [...this.#floods.filter((each) => elapsedMs(each, now) < FLOOD_MS), now];
    if (this.#floods.length < FLOOD_TRIES) return;
    const message = `IDENTIFY came ${this.#floods.length} times within ${FLOOD_MS / 1000} s before it was allowed; a client must wait for its max_concurrency window`;
    const evidence = this.#floods.map(({ at }, index) => ({ at, what: `attempt ${index + 1}` }));
    this.#record("identify-flood", "IDENTIFY", message, evidence);
  }

  /** A session that could have been resumed, and that the client was told to resume, was left for a new one. */
  notResumed(session: GatewaySession, cause: string): void {
    const lostAt = session.disconnectedAt ?? this.#clock.now();
    const message = `After ${cause} the client identified anew instead of resuming its session; ${session.missedMessages} messages that came meanwhile are lost to it`;
    this.#record("session-not-resumed", cause, message, [
      { at: lostAt, what: `${cause}, at sequence ${session.sequence}` },
      { at: this.#clock.now(), what: "IDENTIFY for the same shard" },
    ]);
  }

  /** Heartbeats go on although none is acknowledged. */
  unnoticed(beats: number, heartbeatIntervalMs: number): void {
    const message = `${beats} heartbeats in a row were not acknowledged and the client went on; it must close such a connection and resume`;
    const what = `heartbeat ${beats} without an acknowledgement, one each ${heartbeatIntervalMs} ms`;
    this.#record("missed-ack-not-noticed", "heartbeats", message, [{ at: this.#clock.now(), what }]);
  }

  silent(silentMs: number, wasAsked: boolean): void {
    const message = wasAsked
      ? `The server asked for a heartbeat by op 1 and got none within ${silentMs} ms; it must be answered at once`
      : `No heartbeat came for ${silentMs} ms; one must be sent in each heartbeat_interval`;
    const what = `silent for ${silentMs} ms`;
    this.#record("missing-heartbeat", wasAsked ? "op 1" : "heartbeats", message, [
      { at: this.#clock.now(), what },
    ]);
  }

  /** The connection was closed with a code, by the mock. */
  closedWith([code, reason]: GatewayClose, op: number | undefined): void {
    if (!isFaultOfClient(code)) return;
    const what = op === undefined ? "a frame that cannot be read" : `opcode ${op}`;
    const message = `The gateway had to close the connection with ${code} (${reason.replace(/\.$/, "")}): ${what} was not allowed`;
    this.#record("protocol-error", `close ${code}`, message, [{ at: this.#clock.now(), what }]);
  }

  #record(rule: ViolationRule, subject: string, message: string, evidence: readonly Evidence[]): void {
    this.#violations.record({ rule, subject, message, evidence });
  }

  #now(): Attempt {
    return { ...momentOf(this.#clock), at: this.#clock.now() };
  }
}
