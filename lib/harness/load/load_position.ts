import type { RandomState } from "../../base/random.ts";
import type { PlatformName } from "../environment.ts";

/** Where one part of a plan stands. */
export interface LoadPartPosition {
  /** When its next moment, or burst, begins, in milliseconds of active time. */
  readonly activeMs: number;
  /** The moment at which it is, where not all of its users have written yet. */
  readonly moment: LoadMoment | null;
  /** Bursts that are not over, by the time of their next message. */
  readonly open: readonly OpenBurst[];
  /** Users who are away, or were not long ago, and until when. */
  readonly away: readonly (readonly [user: string, untilMs: number])[];
  /** Of its random streams. */
  readonly streams: Readonly<Record<LoadStream, RandomState>>;
}

/** Names of the random streams of a part. */
export const LOAD_STREAMS = ["times", "choices", "texts", "bursts", "absences"] as const;

/** Name of a random stream of a part. */
export type LoadStream = (typeof LOAD_STREAMS)[number];

/** A burst that is not over. */
export interface OpenBurst {
  /** When its next message comes. */
  readonly atMs: number;
  /** Index of the user. */
  readonly user: number;
  readonly platform: PlatformName;
}

/** A moment at which users write. */
export interface LoadMoment {
  readonly atMs: number;
  /** Index of the user who writes first. */
  readonly first: number;
  /** How many have written. */
  readonly written: number;
}

/**
 * Where the reading of a plan stands: plain JSON, to save and to go on from. A plan that goes on from it gives what the
 * plan that it was taken of would have given next.
 */
export interface LoadPosition {
  /** Says of which plan it is: equal for the same options, whatever the duration. */
  readonly plan: string;
  /** Of the arrival that comes next. */
  readonly sequence: number;
  readonly parts: readonly LoadPartPosition[];
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isPart({ activeMs, moment, open, away, streams }: LoadPartPosition): boolean {
  if (!(activeMs >= 0 && activeMs < Infinity)) return false;
  if (!LOAD_STREAMS.every((name) => Array.isArray(streams?.[name]))) return false;
  if (!Array.isArray(open) || !open.every(({ atMs, user }: OpenBurst) => isCount(atMs) && isCount(user)))
    return false;
  if (!Array.isArray(away) || !away.every(([, untilMs]) => isCount(untilMs))) return false;
  return moment === null || [moment?.atMs, moment?.first, moment?.written].every(isCount);
}

/**
 * Checks what was read from a file.
 *
 * @param plan Of which plan it has to be.
 * @throws {RangeError} If it is of another plan, or its numbers cannot be those of a position.
 */
export function checkPosition(from: LoadPosition, plan: string, parts: number): void {
  if (from.plan !== plan) {
    throw new RangeError(
      `Cannot plan load: 'from' must be of a plan with the same options, ${plan}, got ${from.plan}`,
    );
  }
  if (!isCount(from.sequence) || from.parts?.length !== parts || !from.parts.every(isPart)) {
    throw new RangeError(`Cannot plan load: 'from' must be a position, got ${JSON.stringify(from)}`);
  }
}
