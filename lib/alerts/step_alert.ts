// This module is browser-safe.
import type { AlertState } from "./alert.ts";

/** How far one alert has come, as plain data. Times are epoch ms. */
export interface AlertProgress {
  readonly state: AlertState;
  /** Since when the condition has held. */
  readonly activeAt: number;
  readonly firedAt?: number | undefined;
  readonly resolvedAt?: number | undefined;
  /** Since when the condition has been gone. */
  readonly recoveringAt?: number | undefined;
  /** Since when there has been no data. */
  readonly noDataAt?: number | undefined;
  /** State that an error interrupted. */
  readonly stateBeforeError?: AlertState | undefined;
  /** Whether people were told that it fires. */
  readonly notified: boolean;
  /** End of the cooldown after the last alert that people were told of. */
  readonly quietUntil?: number | undefined;
  readonly acknowledged?: boolean | undefined;
  /** When it began to fire, the last few times. */
  readonly firings?: readonly number[] | undefined;
  /** Whether it begins to fire again and again. */
  readonly flapping?: boolean | undefined;
  /** Whether people were told so. */
  readonly flappingTold?: boolean | undefined;
  /** What people were told last. */
  readonly told?: "firing" | "resolved" | undefined;
}

/** What a rule says of an alert at one moment, and the rule's times. */
export interface AlertInput {
  /** `between`: not met, and not beyond the clear threshold. `absent`: no data. `error`: it cannot be read. */
  readonly condition: "met" | "between" | "clear" | "absent" | "error";
  readonly forMs: number;
  readonly keepFiringMs: number;
  readonly cooldownMs: number;
  /** How long an alert whose data is gone is held. */
  readonly noDataMs: number;
  /** How long a resolved alert is shown. */
  readonly resolvedMs: number;
  /** Nobody is to be told that it fires: it is silenced, or a consequence of another. @default {false} */
  readonly isSuppressed?: boolean | undefined;
  /** An alert that begins to fire five times within this long is flapping, until it has not for as long. @default {600_000} */
  readonly flappingMs?: number | undefined;
}

const FLAPPING_FIRINGS = 5;
const FLAPPING_MS = 600_000;

/** Result of {@linkcode stepAlert}. */
export interface AlertStep {
  readonly progress: AlertProgress;
  /** Whether people are to be told now: that it fires, or, if its state is `resolved`, that it is over. */
  readonly notify: boolean;
}

/** An alert of which nothing is known. */
export const INACTIVE: AlertProgress = Object.freeze({ state: "inactive", activeAt: 0, notified: false });

/**
 * The next step of an alert. Like Prometheus: pending is forgotten when the condition is gone or without data,
 * and an error freezes everything. Unlike it: a firing alert whose series vanishes is held as `no-data` for a while
 * before it resolves, and recovery has a threshold of its own. Of an alert that flaps people are told once that it does, and once how
 * it ended; and a resolve is told of, silenced or not, if the firing was.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { INACTIVE, stepAlert } from "demi-health/alerts";
 *
 * const times = { forMs: 4000, keepFiringMs: 0, cooldownMs: 0, noDataMs: 60_000, resolvedMs: 60_000 };
 * const pending = stepAlert(INACTIVE, { ...times, condition: "met" }, 0).progress;
 * const firing = stepAlert(pending, { ...times, condition: "met" }, 4000);
 * assert.equal(pending.state, "pending");
 * assert.equal(firing.progress.state, "firing");
 * assert.ok(firing.notify);
 * ```
 */
export function stepAlert(progress: AlertProgress, input: AlertInput, now: number): AlertStep {
  return decideNotice(progress, advanceAlert(progress, input, now), input, now);
}

/** The first half of {@linkcode stepAlert}: where the alert stands now, whoever is to be told. */
export function advanceAlert(progress: AlertProgress, input: AlertInput, now: number): AlertProgress {
  const { firings, flapping, flappingTold, told } = progress;
  const moved = advance(notAfter(progress, now), input, now);
  // how it ended is still owed
  const next = flapping && moved.state === "inactive" && progress.state === "resolved" ? progress : moved;
  const begins = next.firedAt === now && next.state === "firing" && progress.state !== "firing";
  const recent = begins ? [...(firings ?? []), now].slice(-FLAPPING_FIRINGS) : firings;
  if (recent === undefined && told === undefined) return next;
  const { flappingMs = FLAPPING_MS } = input;
  const isStill =
    now - (recent?.at(-1) ?? now) >= flappingMs && now - (next.resolvedAt ?? now - flappingMs) >= flappingMs;
  const isOften = recent?.length === FLAPPING_FIRINGS && now - recent[0]! <= flappingMs;
  return { ...next, firings: recent, flapping: flapping ? !isStill : isOften, flappingTold, told };
}

/** The second half of {@linkcode stepAlert}: whether people are to be told now. */
export function decideNotice(
  before: AlertProgress,
  next: AlertProgress,
  { isSuppressed = false, cooldownMs }: AlertInput,
  now: number,
): AlertStep {
  // no cooldown is longer than itself, wherever the clock was when it began
  const { quietUntil = -Infinity } = next;
  const isQuiet = now < quietUntil && quietUntil - now <= cooldownMs;
  const isOver = next.state === "resolved";
  if (next.flapping) {
    const isNews = next.state === "firing" && !next.notified && !next.flappingTold;
    if (!isNews || isSuppressed || isQuiet) return { progress: next, notify: false };
    return { progress: { ...next, notified: true, flappingTold: true, told: "firing" }, notify: true };
  }
  const calm = { ...next, ...(next.flappingTold && { flappingTold: undefined }) };
  if (before.flapping && isOver && before.told !== undefined) {
    // the end of it, which nobody may have been told of
    const isOwed = before.told === "firing" || before.flappingTold === true;
    return { progress: { ...calm, told: "resolved" }, notify: isOwed };
  }
  if (isOver && before.state !== "resolved") {
    return { progress: next.notified ? { ...calm, told: "resolved" } : calm, notify: next.notified };
  }
  const isDue = next.state === "firing" && !next.notified && !isQuiet;
  if (!isDue || isSuppressed) return { progress: calm, notify: false };
  return { progress: { ...calm, notified: true, told: "firing" }, notify: true };
}

/**
 * The progress after a time in which nobody looked: what counts how long something has lasted does not count that
 * time. The cooldown does, for it is people's time.
 */
export function skipTime(progress: AlertProgress, skippedMs: number): AlertProgress {
  const { activeAt, recoveringAt, noDataAt, firedAt } = progress;
  return {
    ...progress,
    activeAt: firedAt === undefined ? activeAt + skippedMs : activeAt,
    recoveringAt: recoveringAt === undefined ? undefined : recoveringAt + skippedMs,
    noDataAt: noDataAt === undefined ? undefined : noDataAt + skippedMs,
  };
}

/** A clock that was set back must not make an alert wait until it is as late as it was. */
function notAfter(progress: AlertProgress, now: number): AlertProgress {
  const { activeAt, recoveringAt = now, noDataAt = now, resolvedAt = now } = progress;
  if (activeAt <= now && recoveringAt <= now && noDataAt <= now && resolvedAt <= now) return progress;
  const earlier = (time: number | undefined): number | undefined => time && Math.min(time, now);
  return {
    ...progress,
    activeAt: Math.min(activeAt, now),
    recoveringAt: earlier(progress.recoveringAt),
    noDataAt: earlier(progress.noDataAt),
    resolvedAt: earlier(progress.resolvedAt),
  };
}

function advance(progress: AlertProgress, input: AlertInput, now: number): AlertProgress {
  const { condition } = input;
  if (condition === "error") return interrupt(progress, input, now);
  switch (progress.state) {
    case "inactive":
      return condition === "met" ? begin(progress, input, now) : progress;
    case "resolved":
      return condition === "met" ? begin(progress, input, now) : fade(progress, input, now);
    case "pending":
      return condition === "met" ? fireWhenDue(progress, input, now) : toInactive(progress);
    case "firing":
      if (condition === "absent") return { ...progress, state: "no-data", noDataAt: now };
      return condition === "clear" ? recover({ ...progress, recoveringAt: now }, input, now) : progress;
    case "recovering":
      if (condition === "absent") return { ...progress, state: "no-data", noDataAt: now };
      return condition === "met" ? toFiring(progress) : recover(progress, input, now);
    case "no-data":
      return condition === "absent"
        ? awaitData(progress, input, now)
        : advance(afterNoData(progress), input, now);
    case "error":
      return advance(afterError(progress), input, now);
  }
}

function begin({ quietUntil }: AlertProgress, input: AlertInput, now: number): AlertProgress {
  return fireWhenDue({ state: "pending", activeAt: now, notified: false, quietUntil }, input, now);
}

function fireWhenDue(progress: AlertProgress, { forMs }: AlertInput, now: number): AlertProgress {
  return now - progress.activeAt >= forMs ? { ...progress, state: "firing", firedAt: now } : progress;
}

function toInactive({ quietUntil }: AlertProgress): AlertProgress {
  return { ...INACTIVE, quietUntil };
}

function toFiring(progress: AlertProgress): AlertProgress {
  return { ...progress, state: "firing", recoveringAt: undefined };
}

function recover(progress: AlertProgress, input: AlertInput, now: number): AlertProgress {
  const goneMs = now - (progress.recoveringAt ?? now);
  return goneMs >= input.keepFiringMs ? resolve(progress, input, now) : { ...progress, state: "recovering" };
}

function awaitData(progress: AlertProgress, input: AlertInput, now: number): AlertProgress {
  return now - (progress.noDataAt ?? now) >= input.noDataMs ? resolve(progress, input, now) : progress;
}

function afterNoData(progress: AlertProgress): AlertProgress {
  const state = progress.recoveringAt === undefined ? "firing" : "recovering";
  return { ...progress, state, noDataAt: undefined };
}

// The cooldown runs from the last alert that people were told of: one that was kept from them does not prolong it,
// or an alert that comes and goes would never be told of again.
function resolve(progress: AlertProgress, { cooldownMs }: AlertInput, now: number): AlertProgress {
  const { activeAt, firedAt, notified, acknowledged } = progress;
  const quietUntil = notified ? now + cooldownMs : progress.quietUntil;
  return { state: "resolved", activeAt, firedAt, resolvedAt: now, notified, quietUntil, acknowledged };
}

function fade(progress: AlertProgress, { resolvedMs }: AlertInput, now: number): AlertProgress {
  return now - (progress.resolvedAt ?? now) >= resolvedMs ? toInactive(progress) : progress;
}

function interrupt(progress: AlertProgress, input: AlertInput, now: number): AlertProgress {
  if (progress.state === "resolved") return fade(progress, input, now);
  if (progress.state === "inactive" || progress.state === "error") return progress;
  return { ...progress, state: "error", stateBeforeError: progress.state };
}

function afterError({ stateBeforeError = "inactive", ...progress }: AlertProgress): AlertProgress {
  return { ...progress, state: stateBeforeError };
}
