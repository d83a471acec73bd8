// This module is browser-safe.
import type { MemorySample } from "./sample.ts";

/** What `MemoryProfiler.subscribe` tells. */
export type MemoryEvent =
  | { readonly type: "sample"; readonly sample: MemorySample & { readonly rssBytes: number } }
  | {
      /** `below`: it was above `limitBytes` and is not any more. */
      readonly type: "warning" | "critical" | "below";
      readonly limitBytes: number;
      readonly rssBytes: number;
      readonly timestamp: number;
    };
