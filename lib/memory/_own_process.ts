import process from "node:process";
import { getHeapSpaceStatistics, getHeapStatistics } from "node:v8";
import type { MemorySnapshot } from "./memory_snapshot.ts";
import { readFileDescriptors } from "../base/process_memory.ts";

type Sizes = Required<
  Pick<MemorySnapshot, "rssBytes" | "heapUsedBytes" | "externalBytes" | "arrayBuffersBytes" | "uptimeSeconds">
>;

/** The figures that every sample has. 8 µs on Node. */
export function readOwnSizes(): Sizes & { readonly heapTotalBytes: number } {
  const { rss, heapTotal, heapUsed, external, arrayBuffers } = process.memoryUsage();
  return {
    rssBytes: rss,
    heapTotalBytes: heapTotal,
    heapUsedBytes: heapUsed,
    externalBytes: external,
    // Bun had none for long
    arrayBuffersBytes: arrayBuffers ?? 0,
    uptimeSeconds: process.uptime(),
  };
}

type Details = Pick<MemorySnapshot, "heapLimitBytes" | "heapSpaces" | "activeResources" | "fileDescriptors">;

/** What only snapshots have. Left out where the runtime does not tell. */
export function readOwnDetails(): Details {
  return {
    heapLimitBytes: attempt(() => getHeapStatistics().heap_size_limit),
    heapSpaces: attempt(() =>
      Object.fromEntries(
        getHeapSpaceStatistics().map(({ space_name, space_used_size }) => [space_name, space_used_size]),
      ),
    ),
    activeResources: attempt(() => countEach(process.getActiveResourcesInfo())),
    fileDescriptors: readFileDescriptors(process.pid),
  };
}

// Deno and Bun throw, or have no such function.
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function countEach(names: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
