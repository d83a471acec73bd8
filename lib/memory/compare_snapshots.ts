// This module is browser-safe.
import { compareProfiles } from "./compare_profiles.ts";
import type { MemoryDifference, MemorySnapshot } from "./memory_snapshot.ts";

/**
 * What came and went between two snapshots of one process.
 *
 * @throws {RangeError} If they are of different processes, or the first is the later one.
 */
export function compareSnapshots(before: MemorySnapshot, after: MemorySnapshot): MemoryDifference {
  if (before.pid !== after.pid) {
    throw new RangeError(
      `Cannot compare snapshots: 'after' must be of process ${before.pid}, got one of ${after.pid}`,
    );
  }
  if (after.timestamp < before.timestamp) {
    throw new RangeError(
      `Cannot compare snapshots: 'after' must be taken after '${before.label}', got '${after.label}', which is older`,
    );
  }
  return {
    from: before.label,
    to: after.label,
    hours: (after.timestamp - before.timestamp) / 3_600_000,
    rssBytes: after.rssBytes - before.rssBytes,
    heapUsedBytes: subtract(after.heapUsedBytes, before.heapUsedBytes),
    postGcBytes: subtract(after.postGcBytes, before.postGcBytes),
    externalBytes: subtract(after.externalBytes, before.externalBytes),
    arrayBuffersBytes: subtract(after.arrayBuffersBytes, before.arrayBuffersBytes),
    heapSpaces: subtractEach(after.heapSpaces, before.heapSpaces),
    activeResources: subtractEach(after.activeResources, before.activeResources),
    fileDescriptors: subtractEach(after.fileDescriptors, before.fileDescriptors),
    instances: subtractEach(after.instances, before.instances),
    sites: before.profile && after.profile ? compareProfiles(before.profile, after.profile) : [],
  };
}

function subtract(after: number | undefined, before: number | undefined): number | undefined {
  return after === undefined || before === undefined ? undefined : after - before;
}

function subtractEach(
  after: Readonly<Record<string, number>> = {},
  before: Readonly<Record<string, number>> = {},
): Readonly<Record<string, number>> {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return Object.fromEntries(
    names
      .map((name) => [name, (after[name] ?? 0) - (before[name] ?? 0)] as const)
      .filter(([, change]) => change !== 0),
  );
}
