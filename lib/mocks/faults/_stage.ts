import type { Clock, ClockTimer } from "../../base/clock.ts";
import type { SeededRandom } from "../../base/random.ts";

/** Data on its way through one direction of a connection. */
export interface Piece {
  readonly data: Buffer;
  /** From when its delays count, on the monotonic clock. */
  readonly arrivedMs: number;
  /** Number of bytes that its sender sent before it. */
  readonly offset: number;
}

/** What a stage may do. All waits end at once when the toxic is changed or removed, or the connection ends. */
export interface StageOutput {
  readonly clock: Clock;
  readonly random: SeededRandom;
  /** Number of bytes that this toxic has passed on, before it was updated, too. */
  readonly transmitted: number;
  /** Passes data on to the next stage; resolves when there is room for more. */
  pass(piece: Piece): Promise<void>;
  /** Passes the end of the stream on. */
  end(): Promise<void>;
  /** Ends the connection by a close, as of a process that closes its socket. */
  close(): void;
  /** Ends the connection by RST. */
  reset(): void;
  /** Notes where the toxic struck; only the first time counts. */
  struck(offset: number): void;
  /** Resolves when the time is up, with true, or when it is over, with false. */
  sleep(delayMs: number): Promise<boolean>;
  /** Resolves when it is over. */
  stall(): Promise<void>;
  /** Calls back unless it is over before. */
  setTimer(callback: () => void, delayMs: number): ClockTimer;
}

/** One toxic at work on one direction of one connection. */
export interface Stage {
  /** Whether its sender may go on while it works: true for a delay, which is no limit of the rate. */
  readonly isBuffered?: boolean;
  start?(output: StageOutput): void;
  take(piece: Piece, output: StageOutput): Promise<void> | void;
  /** The sender has ended; must pass that on. @default it does at once */
  end?(offset: number, output: StageOutput): Promise<void> | void;
  /** It was removed from a connection that is open. */
  removed?(output: StageOutput): void;
}

/** What a toxic that is not there does. */
export const PASS: Stage = { take: (piece, output) => output.pass(piece) };

/** A part of a piece. */
export function part(piece: Piece, from: number, to: number = piece.data.length): Piece {
  return { ...piece, data: piece.data.subarray(from, to), offset: piece.offset + from };
}
