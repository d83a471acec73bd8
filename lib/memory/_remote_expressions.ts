// Text that runs in an inspected process: plain JavaScript of every Node that has an inspector worth the name.

/** What {@linkcode CollectionExpressions.readSizes} gives. */
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

/** Expressions that count collections for one who looks, and leave what others count alone. */
export interface CollectionExpressions {
  /** Counts collections from now on. */
  readonly watch: string;
  readonly unwatch: string;
  readonly readSizes: string;
}

/** @param id Unlike that of any other who looks at the process. */
export function collectionExpressions(id: string): CollectionExpressions {
  const key = `Symbol.for(${JSON.stringify(`demi-health.collections.${id}`)})`;
  return { watch: watch(key), unwatch: unwatch(key), readSizes: readSizes(key) };
}

function watch(key: string): string {
  return `(() => {
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
  Object.defineProperty(globalThis, ${key}, { value: { seen, observer }, configurable: true });
})()`;
}

function unwatch(key: string): string {
  return `(() => {
  globalThis[${key}]?.observer.disconnect();
  delete globalThis[${key}];
})()`;
}

function readSizes(key: string): string {
  return `(() => {
  const { seen } = globalThis[${key}] ?? { seen: { minors: 0, majors: 0, pauseMs: 0 } };
  const sizes = { ...process.memoryUsage(), uptime: process.uptime(), ...seen };
  seen.floor = undefined;
  return sizes;
})()`;
}

const OPENED = `Symbol.for("demi-health.inspector")`;

/** Notes that the inspector was opened by a profiler: the last that leaves closes it. */
export const NOTE_OPENED: string = `void Object.defineProperty(globalThis, ${OPENED}, { value: true, configurable: true })`;

export const WAS_OPENED: string = `globalThis[${OPENED}] === true`;

/** Closes the inspector once it has answered. */
export const CLOSE_INSPECTOR: string = `(() => {
  delete globalThis[${OPENED}];
  setImmediate(() => process.getBuiltinModule("node:inspector").close());
})()`;

const setFlags = (flags: string): string => {
  return `process.getBuiltinModule("node:v8").setFlagsFromString(${JSON.stringify(flags)})`;
};

/** For code that is optimized from now on. */
export const INLINE_NOTHING: string = setFlags("--no-turbo-inlining --no-maglev-inlining");
export const INLINE_AGAIN: string = setFlags("--turbo-inlining --maglev-inlining");

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
