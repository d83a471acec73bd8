// This module is browser-safe.
import type { ResolvedProfile } from "./_resolved_profile.ts";

/** A state as it was read: copied, so that nobody changes it behind the monitor's back. */
export interface Look {
  readonly time: number;
  /** In the profile's order; what is no finite number is `NaN` or an infinity. */
  readonly values: readonly number[];
  readonly momentum: readonly number[] | undefined;
  readonly stateTime: number | undefined;
  readonly platform: string | undefined;
}

/** @throws {TypeError} If the state has not the profile's form; nothing was taken in then. */
export function parseLook(
  profile: ResolvedProfile,
  state: unknown,
  time: number,
  platform: string | undefined,
): Look {
  if (typeof time !== "number" || !Number.isFinite(time)) fail("timestamp", "epoch milliseconds", time);
  if (platform !== undefined && typeof platform !== "string") fail("platform", "a text", platform);
  const source = toRecord(state, "state");
  const values = profile.names.map((name) => toNumber(source[name], name));
  const given = source["momentum"];
  const momentum = given === undefined || given === null ? undefined : toRecord(given, "momentum");
  return {
    time,
    values,
    momentum: momentum && profile.names.map((name) => toNumber(momentum[name] ?? 0, `momentum.${name}`)),
    stateTime: toTime(source["lastUpdated"] ?? source["last_updated"]),
    platform,
  };
}

function toRecord(input: unknown, name: string): Record<string, unknown> {
  if (typeof input === "object" && input !== null && !Array.isArray(input))
    return input as Record<string, unknown>;
  return fail(name, "an object", input);
}

function toNumber(input: unknown, name: string): number {
  if (typeof input === "number") return input;
  // what JSON makes of NaN; that it is no number is a finding, not a slip of the caller's
  return input === null ? NaN : fail(name, "a number", input);
}

function toTime(input: unknown): number | undefined {
  if (input === undefined || input === null) return undefined;
  const time = typeof input === "string" ? Date.parse(input) : input;
  return typeof time === "number" && Number.isFinite(time)
    ? time
    : fail("lastUpdated", "epoch ms or ISO 8601", input);
}

function fail(name: string, rule: string, got: unknown): never {
  const shown = typeof got === "number" ? String(got) : (JSON.stringify(got)?.slice(0, 100) ?? typeof got);
  throw new TypeError(`Cannot observe emotions: '${name}' must be ${rule}, got ${shown}`);
}
