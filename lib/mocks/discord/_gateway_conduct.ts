import type { Clock } from "../../base/clock.ts";
import type { Evidence, ViolationLog, ViolationRule } from "../violations.ts";
import { type GatewayClose, isFaultOfClient } from "./_gateway_close.ts";
import type { GatewaySession } from "./_gateway_session.ts";
import { elapsedMs, type Moment, momentOf } from "./_moment.ts";

// discord.js tries a refused connection again each half second, eris and discordeno a few times at once: all of them
// stay below. Who goes on at once for longer is banned by the real Discord.
const HASTY_TRIES = 20;
const HASTE_MS = 100;
const STORM_TRIES = 30;
const STORM_MS = 10_000;
const EVIDENCE_KEPT = 10;
// Two clients that start at the same moment are no flood.
const FLOOD_TRIES = 4;

interface Attempt extends Moment {
  readonly at: number;
}

/** Looks at how a client treats the gateway, and notes what it does wrong. */
export class GatewayConduct {
  readonly #clock: Clock;
  readonly #violations: ViolationLog;
  #failed: Attempt[] = [];
  #floods: Attempt[] = [];

  constructor(clock: Clock, violations: ViolationLog) {
    this.#clock = clock;
    this.#violations = violations;
  }

  /** A connection was refused because Discord is down. */
  connectionRefused(): void {
    this.#failed = [...this.#failed.slice(-STORM_TRIES), this.#now()];
    const hasty = this.#failed.slice(-HASTY_TRIES);
    const gaps = hasty.slice(1).map((attempt, index) => elapsedMs(hasty[index]!, attempt));
    if (hasty.length === HASTY_TRIES && Math.max(...gaps) < HASTE_MS) {
      const message = `${HASTY_TRIES} connections failed within ${HASTE_MS} ms of one another; pauses between attempts must grow`;
      this.#note("no-backoff", "gateway connections", message, hasty);
    }
    if (this.#failed.length <= STORM_TRIES) return;
    if (elapsedMs(this.#failed[0]!, this.#failed.at(-1)!) > STORM_MS) return;
    const message = `${this.#failed.length} connections failed within ${STORM_MS / 1000} s; a client must slow down`;
    this.#note("retry-storm", "gateway connections", message, this.#failed);
  }

  /** A session is ready. */
  connected(): void {
    this.#failed = [];
    this.#floods = [];
  }

  /** IDENTIFY came before its window was over. */
  identifiedTooSoon(): void {
    const now = this.#now();
    this.#floods = [...this.#floods.filter((each) => elapsedMs(each, now) < STORM_MS), now];
    if (this.#floods.length < FLOOD_TRIES) return;
    const message = `IDENTIFY came ${this.#floods.length} times within ${STORM_MS / 1000} s before it was allowed; a client must wait for its max_concurrency window`;
    this.#note("identify-flood", "IDENTIFY", message, this.#floods);
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

  #note(rule: ViolationRule, subject: string, message: string, attempts: readonly Attempt[]): void {
    const evidence = attempts
      .slice(-HASTY_TRIES)
      .map(({ at }, index) => ({ at, what: `attempt ${index + 1}` }));
    this.#record(rule, subject, message, evidence);
  }

  #record(rule: ViolationRule, subject: string, message: string, evidence: readonly Evidence[]): void {
    this.#violations.record({ rule, subject, message, evidence });
  }

  #now(): Attempt {
    return { ...momentOf(this.#clock), at: this.#clock.now() };
  }
}
