// This module is browser-safe.

/**
 * What is known of a process's memory at one moment. Only `timestamp` is required: what a source cannot tell is left
 * out, never guessed. All sizes are bytes.
 */
export interface MemorySample {
  /** Epoch milliseconds. */
  readonly timestamp: number;
  /** Resident set: what the operating system holds in memory for the process. */
  readonly rssBytes?: number | undefined;
  /** JavaScript heap in use, garbage included. */
  readonly heapUsedBytes?: number | undefined;
  /** JavaScript heap in use right after a full garbage collection: what is really held. */
  readonly postGcBytes?: number | undefined;
  /** Memory outside the heap that JavaScript objects hold, array buffers included. */
  readonly externalBytes?: number | undefined;
  /** Memory of array buffers; part of `externalBytes`. */
  readonly arrayBuffersBytes?: number | undefined;
  /** Seconds since the process started. A fall means that it was started anew. */
  readonly uptimeSeconds?: number | undefined;
}

/** The series that a leak is looked for in, the most telling first. */
export type MemorySeries = "postGc" | "heapUsed" | "external" | "arrayBuffers" | "rss";
