import type { RandomState } from "../../base/random.ts";

/** Where one part of a plan stands. */
export interface LoadPartPosition {
  /** When its next moment comes, in milliseconds of active time. */
  readonly activeMs: number;
  /** The moment at which it is, where not all of its users have written yet. */
  readonly moment: LoadMoment | null;
  /** Of its random streams. */
  readonly times: RandomState;
  readonly choices: RandomState;
  readonly texts: RandomState;
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

function isPart({ activeMs, moment }: LoadPartPosition): boolean {
  if (!(activeMs >= 0 && activeMs < Infinity)) return false;
  return moment === null || [moment.atMs, moment.first, moment.written].every(isCount);
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
