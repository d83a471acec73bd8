// This module is browser-safe.
import type { AllocationProfile } from "./allocation_profile.ts";
import type { AllocationSite } from "./compare_profiles.ts";
import type { MemorySample } from "./sample.ts";

/** A process's memory at one moment, in all detail. Plain data, fit for JSON. What could not be read is left out. */
export interface MemorySnapshot extends MemorySample {
  readonly label: string;
  readonly pid: number;
  readonly rssBytes: number;
  readonly pssBytes?: number | undefined;
  readonly heapTotalBytes?: number | undefined;
  /** What the heap may grow to: the process ends there. */
  readonly heapLimitBytes?: number | undefined;
  /** V8's spaces, bytes in use by name, such as `old_space`. */
  readonly heapSpaces?: Readonly<Record<string, number>> | undefined;
  /** Handles and requests that keep the process alive, by type, such as `TCPSocketWrap`. */
  readonly activeResources?: Readonly<Record<string, number>> | undefined;
  /** Open file descriptors by kind, such as `socket`. */
  readonly fileDescriptors?: Readonly<Record<string, number>> | undefined;
  /** Living instances of the classes that an `ObjectTracker` knows, by name. */
  readonly instances?: Readonly<Record<string, number>> | undefined;
  /** Where the live objects were allocated. */
  readonly profile?: AllocationProfile | undefined;
}

/** What came and went between two snapshots: the later less the earlier. */
export interface MemoryDifference {
  readonly from: string;
  readonly to: string;
  readonly hours: number;
  readonly rssBytes: number;
  readonly heapUsedBytes?: number | undefined;
  readonly postGcBytes?: number | undefined;
  readonly externalBytes?: number | undefined;
  readonly arrayBuffersBytes?: number | undefined;
  /** Those that changed. */
  readonly heapSpaces: Readonly<Record<string, number>>;
  readonly activeResources: Readonly<Record<string, number>>;
  readonly fileDescriptors: Readonly<Record<string, number>>;
  readonly instances: Readonly<Record<string, number>>;
  /** Functions whose live objects take more than before, the most first. Empty without profiles. */
  readonly sites: readonly AllocationSite[];
}
