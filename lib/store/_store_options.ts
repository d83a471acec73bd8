import { resolve } from "node:path";
import { emitWarning } from "node:process";
import type { Clock } from "../base/clock.ts";
import { systemClock } from "../base/system_clock.ts";
import type { Disk } from "./_disk.ts";
import type { SyncPolicy } from "./_journal.ts";
import type { RetentionTimes } from "./_retention.ts";

/** Options of {@linkcode MetricsStore.open}. */
export interface MetricsStoreOptions {
  /** File of the store; its folder is made if needed. Without one the store lives in memory only. */
  path?: string | undefined;
  /** @default {systemClock} */
  clock?: Clock | undefined;
  /**
   * When a sample is made to survive a power cut: at once, at an interval, or only by {@linkcode MetricsStore.flush}. The journal
   * is written at the interval in each case, which survives a kill of the process.
   *
   * @default {"interval"}
   */
  sync?: SyncPolicy | undefined;
  /**
   * How often the journal is written: a kill loses less than that.
   *
   * @default {1000}
   */
  syncIntervalMs?: number | undefined;
  /**
   * How often all is written to the file, and the journal begins anew. Sooner when the journal is long.
   *
   * @default {600_000} (10 minutes)
   */
  saveIntervalMs?: number | undefined;
  /**
   * How long every sample is kept.
   *
   * @default {604_800_000} (7 days)
   */
  rawRetentionMs?: number | undefined;
  /**
   * How long rollups of 1 minute are kept. They are made of samples that are no longer kept one by one, so there are some only
   * where this is longer than {@linkcode MetricsStoreOptions.rawRetentionMs}.
   *
   * @default As `rawRetentionMs`: a minute's row takes more room than its samples do in a chunk
   */
  minuteRetentionMs?: number | undefined;
  /**
   * How long rollups of 10 minutes are kept.
   *
   * @default {2_592_000_000} (30 days)
   */
  tenMinuteRetentionMs?: number | undefined;
  /**
   * How long rollups of 1 hour, and annotations, are kept.
   *
   * @default {31_536_000_000} (a year)
   */
  hourRetentionMs?: number | undefined;
  /**
   * How large the file may become: beyond it the oldest is forgotten sooner, samples first.
   *
   * @default {268_435_456} (256 MiB)
   */
  maxBytes?: number | undefined;
  /**
   * Memory for the chunks of all series, taken at the start: it holds ten to thirty million samples. When it is full, the oldest are
   * forgotten sooner, and rollups tell of them. More than 15 MB may look like a leak to whoever watches the process's resident memory.
   *
   * @default {15_000_000}
   */
  memoryBytes?: number | undefined;
  /**
   * Most series; a new one beyond is left out, which is told once.
   *
   * @default {10_000}
   */
  maxSeries?: number | undefined;
  /**
   * Told of what could not be written, once until it works again: nothing is lost by that, and it is tried anew. And of a journal
   * that is damaged. Default: a process warning.
   */
  onError?: ((error: unknown) => void) | undefined;
}

/** Options that have been looked at, none left out. */
export interface CheckedOptions {
  readonly path: string | undefined;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly sync: SyncPolicy;
  readonly syncIntervalMs: number;
  readonly saveIntervalMs: number;
  readonly retention: RetentionTimes;
  readonly maxBytes: number;
  readonly memoryBytes: number;
  readonly maxSeries: number;
  readonly onError: (error: unknown) => void;
}

const SYNC_POLICIES: readonly SyncPolicy[] = ["always", "interval", "never"];
const DAY = 86_400_000;

/** @throws {RangeError} If one makes no sense. */
export function checkOptions(disk: Disk, options: MetricsStoreOptions): CheckedOptions {
  const { clock = systemClock, sync = "interval", onError = warn } = options;
  const { syncIntervalMs = 1000, saveIntervalMs = 600_000, maxBytes = 2 ** 28, maxSeries = 10_000 } = options;
  const { memoryBytes = 15_000_000 } = options;
  const positive = { syncIntervalMs, saveIntervalMs, maxBytes, memoryBytes, maxSeries };
  for (const [name, value] of Object.entries(positive)) {
    if (!(value > 0)) throw new RangeError(`Cannot open metrics store: '${name}' must be > 0, got ${value}`);
  }
  if (!SYNC_POLICIES.includes(sync)) {
    throw new RangeError(
      `Cannot open metrics store: 'sync' must be ${SYNC_POLICIES.join(" or ")}, got ${sync}`,
    );
  }
  const path = options.path === undefined ? undefined : resolve(options.path);
  const retention = retentionOf(options);
  return {
    path,
    disk,
    clock,
    retention,
    sync,
    syncIntervalMs,
    saveIntervalMs,
    maxBytes,
    memoryBytes,
    maxSeries,
    onError,
  };
}

function retentionOf(options: MetricsStoreOptions): RetentionTimes {
  const { rawRetentionMs = 7 * DAY, minuteRetentionMs = rawRetentionMs } = options;
  const { tenMinuteRetentionMs = Math.max(30 * DAY, minuteRetentionMs) } = options;
  const { hourRetentionMs = Math.max(365 * DAY, tenMinuteRetentionMs) } = options;
  const times = [rawRetentionMs, minuteRetentionMs, tenMinuteRetentionMs, hourRetentionMs] as const;
  if (times.every((time, i) => time > 0 && time >= (times[i - 1] ?? 0))) return times;
  throw new RangeError(
    `Cannot open metrics store: retention must be > 0 and not shorter for coarser levels, got ${times.join(", ")} ms`,
  );
}

function warn(error: unknown): void {
  emitWarning(error instanceof Error ? error : String(error));
}
