// This module is browser-safe.
import type { Told } from "./_explain_step.ts";
import type { ResolvedProfile } from "./_resolved_profile.ts";
import type { EmotionMonitorSettings } from "./emotion_monitor_options.ts";

const MOST_CAUSES = 8;
const MINUTE_MS = 60_000;

/**
 * What a look's `cause` tells. More causes than can be told apart are as good as none told.
 *
 * @throws {RangeError} If the profile does not know a cause.
 */
export function parseTold(
  profile: ResolvedProfile,
  { causesAreTold, maxInteractionsPerMinute }: EmotionMonitorSettings,
  cause: string | readonly string[] | undefined,
  elapsedMs: number,
): Told {
  const causes = cause === undefined ? [] : typeof cause === "string" ? [cause] : [...cause];
  for (const one of causes) check(profile, one);
  const kinds = causes.filter((one) => one !== "none" && one !== "restart");
  const isTold = causesAreTold || causes.length > 0;
  const most = 1 + Math.ceil((Math.max(0, elapsedMs) / MINUTE_MS) * maxInteractionsPerMinute);
  const isTooMany = kinds.length > MOST_CAUSES;
  return {
    isComplete: isTold && !isTooMany,
    kinds: isTooMany ? [] : kinds,
    isRestart: causes.includes("restart"),
    most: Math.max(most, kinds.length),
  };
}

const OTHERS = ["message", "none", "restart"];

function check(profile: ResolvedProfile, cause: unknown): void {
  if (typeof cause === "string" && (OTHERS.includes(cause) || profile.kinds.has(cause))) return;
  const known = [...profile.kinds.keys(), ...OTHERS].join(", ");
  throw new RangeError(
    `Cannot observe emotions: 'cause' must be one of ${known}, got ${JSON.stringify(cause)}`,
  );
}
