// This module is browser-safe.
import type { TickIdleness } from "./_ageing.ts";
import type { ResolvedProfile } from "./_resolved_profile.ts";
import type { Track } from "./_track.ts";

/** How far a timer or a look may be off, at least. */
export const LATE_MS = 1500;
/** Ticks after which every emotion is where it goes to: a fortnight of Demi's. */
const MOST_TICKS = 4032;
const FORGIVEN_MS = 21_600_000;

/** How many ticks there can have been since the look before. */
export interface TickRange {
  readonly least: number;
  readonly most: number;
}

/** By when the latest tick was and how far ticks are apart. */
export function ticksUntil(profile: ResolvedProfile, track: Track, time: number): TickRange {
  const tickMs = profile.source.decay?.tickMs;
  if (tickMs === undefined) return { least: 0, most: 0 };
  const count = (from: number): number =>
    Math.max(0, Math.min(MOST_TICKS, Math.floor((time - from) / tickMs)));
  return { least: count(track.tickHigh + LATE_MS), most: count(track.tickLow - LATE_MS) };
}

/**
 * Takes in how many ticks came since the look before. Where that is sure, the time of the latest is known better then; a
 * phase that does not fit any more begins anew and counts as a slip.
 */
export function noteTicks(
  profile: ResolvedProfile,
  track: Track,
  time: number,
  { least, most }: TickRange,
): void {
  const tickMs = profile.source.decay?.tickMs;
  if (tickMs === undefined || most === 0) return;
  const isSure = least === most;
  const low = Math.max(isSure ? track.time : -Infinity, track.tickLow + least * tickMs - LATE_MS);
  const high = Math.min(time, track.tickHigh + most * tickMs + LATE_MS);
  const isSame = low <= high && most < MOST_TICKS;
  const begin = isSure ? Math.max(track.time, time - tickMs) : time - tickMs;
  track.tickLow = isSame ? Math.max(low, time - tickMs) : begin;
  track.tickHigh = isSame ? Math.max(high, track.tickLow) : time;
  if (!isSame && most < MOST_TICKS) noteSlip(track, time);
}

/** Takes in that ticks came which could not be seen: the phase stays what it was. */
export function shiftTicks(profile: ResolvedProfile, track: Track, ticks: number): void {
  const tickMs = profile.source.decay?.tickMs ?? 0;
  track.tickLow += ticks * tickMs;
  track.tickHigh += ticks * tickMs;
}

function noteSlip(track: Track, time: number): void {
  track.slips = Math.max(0, track.slips - (time - track.slipTime) / FORGIVEN_MS) + 1;
  track.slipTime = time;
}

/** What is known of the idleness at the tick that is number `index` (from 1) after the latest. */
export function idlenessAt(
  profile: ResolvedProfile,
  track: Track,
  index: number,
  time: number,
  knows: { readonly nobodySpoke: boolean; readonly mayBeOff: boolean },
): TickIdleness {
  const { tickMs = 0, idle } = profile.source.decay ?? {};
  if (!idle) return { mayBeActive: true, mayBeIdle: false, leastMs: 0, mostMs: 0 };
  const low = Math.max(track.time, track.tickLow + index * tickMs) - LATE_MS;
  const high = Math.min(time, track.tickHigh + index * tickMs) + LATE_MS;
  const mostMs = Math.max(0, Math.max(low, high) - track.spokenLow);
  const leastMs = knows.nobodySpoke ? Math.max(0, Math.min(low, high) - track.spokenHigh) : 0;
  return {
    mayBeActive: leastMs < idle.afterMs + LATE_MS,
    mayBeIdle: knows.mayBeOff || mostMs >= idle.afterMs - LATE_MS,
    leastMs,
    mostMs,
  };
}
