// This module is browser-safe.
import type { HeapClass, HeapSnapshotSummary } from "./heap_snapshot_summary.ts";

/** Options of {@linkcode compareHeapSnapshots}. */
export interface CompareHeapSnapshotsOptions {
  /** Least growth that is reported, bytes. @default {1} */
  readonly minGrowthBytes?: number | undefined;
  /** Most classes that are returned. @default {20} */
  readonly limit?: number | undefined;
}

/** A class whose instances take more than before. */
export interface HeapClassGrowth {
  readonly name: string;
  readonly countBefore: number;
  readonly countAfter: number;
  readonly growthCount: number;
  readonly bytesBefore: number;
  readonly bytesAfter: number;
  readonly growthBytes: number;
  /** Part of the growth of all growing classes, 0…1. */
  readonly share: number;
}

const NONE = { count: 0, selfBytes: 0 };

/**
 * Classes whose instances take more than before, the most growing first. Bytes are those of the objects themselves: an
 * object that holds large strings is small, and they grow as `(string)`. The class of your own that grew by as many
 * pieces is the one to look at.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { compareHeapSnapshots, takeHeapSnapshotSummary } from "demi-health/memory";
 *
 * class Conversation {}
 * const before = await takeHeapSnapshotSummary();
 * const kept = Array.from({ length: 5000 }, () => new Conversation());
 * const growth = compareHeapSnapshots(before, await takeHeapSnapshotSummary());
 * assert.equal(growth.find(({ name }) => name === "Conversation")?.growthCount, kept.length);
 * ```
 *
 * @param before The earlier summary, whole: not cut by a `limit`.
 * @param after A later one of the same process, whole.
 * @throws {RangeError} If a summary was cut, `limit` is not a whole number ≥ 1, or `minGrowthBytes` not a number ≥ 0.
 */
export function compareHeapSnapshots(
  before: HeapSnapshotSummary,
  after: HeapSnapshotSummary,
  options: CompareHeapSnapshotsOptions = {},
): readonly HeapClassGrowth[] {
  const { minGrowthBytes = 1, limit = 20 } = options;
  if (!(Number.isInteger(limit) && limit >= 1)) refuse("limit", "a whole number >= 1", limit);
  if (!(minGrowthBytes >= 0)) refuse("minGrowthBytes", ">= 0", minGrowthBytes);
  for (const [name, { classes, others }] of Object.entries({ before, after })) {
    const whole = classes.length + others.classes;
    if (others.classes > 0) refuse(name, `a summary of all ${whole} classes`, `one of ${classes.length}`);
  }
  const earlier = new Map(before.classes.map((each) => [each.name, each]));
  const growing = after.classes
    .map((now) => toGrowth(now, earlier.get(now.name) ?? NONE))
    .filter(({ growthBytes }) => growthBytes > 0);
  const total = growing.reduce((sum, { growthBytes }) => sum + growthBytes, 0);
  return growing
    .filter(({ growthBytes }) => growthBytes >= minGrowthBytes)
    .sort((a, b) => b.growthBytes - a.growthBytes || b.growthCount - a.growthCount)
    .slice(0, limit)
    .map((growth) => ({ ...growth, share: growth.growthBytes / total }));
}

function toGrowth(now: HeapClass, then: Omit<HeapClass, "name">): Omit<HeapClassGrowth, "share"> {
  return {
    name: now.name,
    countBefore: then.count,
    countAfter: now.count,
    growthCount: now.count - then.count,
    bytesBefore: then.selfBytes,
    bytesAfter: now.selfBytes,
    growthBytes: now.selfBytes - then.selfBytes,
  };
}

function refuse(name: string, rule: string, got: unknown): never {
  throw new RangeError(`Cannot compare heap snapshots: '${name}' must be ${rule}, got ${String(got)}`);
}
