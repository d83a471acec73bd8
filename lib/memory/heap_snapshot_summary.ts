// This module is browser-safe.

/** Nodes of a heap that share a constructor, or a kind of V8's such as `(string)`. */
export interface HeapClass {
  /** As Chrome's DevTools call it. */
  readonly name: string;
  readonly count: number;
  /** Bytes of the nodes themselves, without what they point at. */
  readonly selfBytes: number;
}

/** A heap snapshot by class. Plain data, fit for JSON. */
export interface HeapSnapshotSummary {
  /** All nodes of the snapshot. */
  readonly count: number;
  /** Bytes of all of them. */
  readonly selfBytes: number;
  /** The largest first. */
  readonly classes: readonly HeapClass[];
  /** What was cut off from `classes` by a limit. */
  readonly others: { readonly classes: number; readonly count: number; readonly selfBytes: number };
}
