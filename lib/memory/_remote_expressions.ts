// Text that runs in an inspected process: plain JavaScript of every Node that has an inspector worth the name.

/** What {@linkcode READ_SIZES} gives. */
export interface RemoteSizes {
  readonly rss: number;
  readonly heapTotal: number;
  readonly heapUsed: number;
  readonly external: number;
  readonly arrayBuffers: number;
  readonly uptime: number;
  /** Heap after the newest full collection since this was asked last. */
  readonly floor?: number;
  readonly minors: number;
  readonly majors: number;
  readonly pauseMs: number;
}

/** What {@linkcode READ_DETAILS} gives. */
export interface RemoteDetails {
  readonly pid: number;
  readonly version: string;
  readonly heapLimitBytes: number;
  readonly heapSpaces: Readonly<Record<string, number>>;
  readonly activeResources: Readonly<Record<string, number>>;
}

const KEY = `Symbol.for("demi-health.collections")`;

/** Counts collections from now on. */
export const WATCH_COLLECTIONS: string = `(() => {
  if (globalThis[${KEY}]) return;
  const { PerformanceObserver } = process.getBuiltinModule("node:perf_hooks");
  const seen = { minors: 0, majors: 0, pauseMs: 0, floor: undefined };
  const observer = new PerformanceObserver((list) => {
    for (const { duration, detail } of list.getEntries()) {
      seen.pauseMs += duration;
      if (detail.kind === 1) seen.minors++;
      if (detail.kind === 4) {
        seen.majors++;
        seen.floor = process.memoryUsage().heapUsed;
      }
    }
  });
  observer.observe({ entryTypes: ["gc"] });
  Object.defineProperty(globalThis, ${KEY}, { value: { seen, observer }, configurable: true });
})()`;

export const UNWATCH_COLLECTIONS: string = `(() => {
  globalThis[${KEY}]?.observer.disconnect();
  delete globalThis[${KEY}];
})()`;

export const READ_SIZES: string = `(() => {
  const { seen } = globalThis[${KEY}] ?? { seen: { minors: 0, majors: 0, pauseMs: 0 } };
  const sizes = { ...process.memoryUsage(), uptime: process.uptime(), ...seen };
  seen.floor = undefined;
  return sizes;
})()`;

export const READ_DETAILS: string = `(() => {
  const v8 = process.getBuiltinModule("node:v8");
  const activeResources = {};
  for (const name of process.getActiveResourcesInfo()) {
    activeResources[name] = (activeResources[name] ?? 0) + 1;
  }
  return {
    pid: process.pid,
    version: process.version,
    heapLimitBytes: v8.getHeapStatistics().heap_size_limit,
    heapSpaces: Object.fromEntries(
      v8.getHeapSpaceStatistics().map(({ space_name, space_used_size }) => [space_name, space_used_size]),
    ),
    activeResources,
  };
})()`;
