// This module is browser-safe.
import type { FeedAlert, FeedAlertLevel } from "../lib/feed/messages.ts";

const RESOLVED_SHOWN_MS = 3_600_000;
const LEVELS: readonly FeedAlertLevel[] = ["critical", "warning", "info"];

/** Alerts as they are shown: what fires first, gravest and newest on top. */
export interface AlertGroups {
  /** Firing and recovering, and rules that could not be judged. */
  readonly active: readonly FeedAlert[];
  readonly pending: readonly FeedAlert[];
  /** Resolved within the last hour, newest first. */
  readonly resolved: readonly FeedAlert[];
}

/** @param now The host's time, epoch ms. */
export function groupAlerts(alerts: readonly FeedAlert[], now: number): AlertGroups {
  const inState = (...states: readonly FeedAlert["state"][]): FeedAlert[] =>
    alerts.filter(({ state }) => states.includes(state));
  return {
    active: [
      ...inState("firing").toSorted(byGravity),
      ...inState("recovering").toSorted(byGravity),
      ...inState("error", "no-data").toSorted(byGravity),
    ],
    pending: inState("pending").toSorted(byGravity),
    resolved: inState("resolved")
      .filter(({ resolvedAt }) => now - (resolvedAt ?? 0) <= RESOLVED_SHOWN_MS)
      .toSorted((a, b) => (b.resolvedAt ?? 0) - (a.resolvedAt ?? 0)),
  };
}

function byGravity(a: FeedAlert, b: FeedAlert): number {
  return LEVELS.indexOf(a.level) - LEVELS.indexOf(b.level) || beginOf(b) - beginOf(a);
}

/** When the present state of an alert began: the moment that its age is counted from. */
export function beginOf(alert: FeedAlert): number {
  if (alert.state === "resolved") return alert.resolvedAt ?? alert.activeAt;
  return alert.firedAt ?? alert.activeAt;
}

/** Alerts that fire in `after` and did not in `before`. */
export function newlyFiring(before: ReadonlySet<string>, after: readonly FeedAlert[]): FeedAlert[] {
  return after.filter((alert) => isCalling(alert) && alert.state === "firing" && !before.has(alert.id));
}

/** Ids of the alerts that fire; one that recovers still does, so that it is no news when its condition comes back. */
export function firingIds(alerts: readonly FeedAlert[]): Set<string> {
  return new Set(
    alerts
      .filter((alert) => isCalling(alert) && (alert.state === "firing" || alert.state === "recovering"))
      .map(({ id }) => id),
  );
}

// One that fires again within its cooldown, or is silenced, is seen in the list, and calls nobody. A host may not know of cooldowns.
function isCalling({ notified }: FeedAlert): boolean {
  return notified !== false;
}
