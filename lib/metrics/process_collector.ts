import { availableParallelism } from "node:os";
import process from "node:process";
import type { Clock } from "../base/clock.ts";
import { systemClock } from "../base/system_clock.ts";
import type { Collector } from "./collector.ts";
import type { Counter } from "./counter.ts";
import type { Gauge } from "./gauge.ts";
import { readMemoryLimit } from "./memory_limit.ts";
import type { MetricsRegistry } from "./registry.ts";

/** What is read of a process; `process` itself fits. */
export interface ProcessReadings {
  memoryUsage(): {
    readonly rss: number;
    readonly heapTotal: number;
    readonly heapUsed: number;
    readonly external: number;
    readonly arrayBuffers: number;
  };
  /** Microseconds of CPU time since the process started. */
  cpuUsage(): { readonly user: number; readonly system: number };
  /** Seconds since the process started. */
  uptime(): number;
}

/** Options of {@linkcode ProcessCollector}. */
export interface ProcessCollectorOptions {
  /**
   * Real time, whatever the companion lives in: CPU time is real, too.
   *
   * @default {systemClock}
   */
  clock?: Clock | undefined;
  /** @default {process} */
  source?: ProcessReadings | undefined;
  /** Bytes that count as all. Default: read again every minute by {@linkcode readMemoryLimit}. */
  readLimitBytes?: (() => number) | undefined;
  /**
   * Cores that count as all.
   *
   * @default {availableParallelism()}
   */
  cores?: number | undefined;
  /**
   * Shortest stretch that the CPU ratio is taken over. A second reader within it sees the first one's value.
   *
   * @default {250}
   */
  minWindowMs?: number | undefined;
}

const LIMIT_AGE_MS = 60_000;

const MEMORY = [
  ["process_resident_memory_bytes", "Resident memory of the process", "rss"],
  ["nodejs_heap_size_used_bytes", "JavaScript heap in use", "heapUsed"],
  ["nodejs_heap_size_total_bytes", "JavaScript heap reserved", "heapTotal"],
  ["nodejs_external_memory_bytes", "Memory outside the heap that JavaScript objects hold", "external"],
  ["nodejs_array_buffers_bytes", "Memory of array buffers; part of the external memory", "arrayBuffers"],
] as const;

/** Memory and CPU of this process, and their share of what it may use. */
export class ProcessCollector implements Collector {
  readonly name = "process";
  readonly #clock: Clock;
  readonly #source: ProcessReadings;
  readonly #readLimitBytes: () => number;
  readonly #cores: number;
  readonly #minWindowMs: number;
  readonly #memory: readonly (readonly [Gauge, (typeof MEMORY)[number][2]])[];
  readonly #limit: Gauge;
  readonly #memoryRatio: Gauge;
  readonly #cpuSeconds: Counter;
  readonly #cpuRatio: Gauge;
  #limitReadAt = -Infinity;
  #windowStart: { readonly at: number; readonly cpuSeconds: number };

  constructor(registry: MetricsRegistry, options: ProcessCollectorOptions = {}) {
    const { clock = systemClock, source = process, readLimitBytes = readMemoryLimit } = options;
    const { cores = availableParallelism(), minWindowMs = 250 } = options;
    this.#clock = clock;
    this.#source = source;
    this.#readLimitBytes = readLimitBytes;
    this.#cores = cores;
    this.#minWindowMs = minWindowMs;
    const gauge = (name: string, help: string): Gauge => registry.gauge({ name, help }).bind();
    this.#memory = MEMORY.map(([name, help, field]) => [gauge(name, help), field]);
    this.#limit = gauge(
      "demi_memory_limit_bytes",
      "Limit of the process's cgroup, else the machine's memory",
    );
    this.#memoryRatio = gauge("demi_memory_usage_ratio", "Resident memory as a share of the limit");
    this.#cpuSeconds = registry
      .counter({ name: "process_cpu_seconds_total", help: "User and system CPU time of the process" })
      .bind();
    this.#cpuRatio = gauge(
      "demi_cpu_usage_ratio",
      "CPU time as a share of all cores' since the last collection",
    );
    gauge("process_start_time_seconds", "When the process started, Unix time").set(
      clock.now() / 1000 - source.uptime(),
    );
    this.#windowStart = { at: clock.monotonicMs(), cpuSeconds: this.#readCpuSeconds() };
  }

  collect(): void {
    this.#collectMemory();
    this.#collectCpu();
  }

  #collectMemory(): void {
    const now = this.#clock.monotonicMs();
    if (now - this.#limitReadAt >= LIMIT_AGE_MS) {
      this.#limit.set(this.#readLimitBytes()); // a limit may be changed while the process runs
      this.#limitReadAt = now;
    }
    const usage = this.#source.memoryUsage();
    for (const [gauge, field] of this.#memory) gauge.set(usage[field]);
    this.#memoryRatio.set(usage.rss / this.#limit.value);
  }

  #collectCpu(): void {
    const at = this.#clock.monotonicMs();
    const cpuSeconds = this.#readCpuSeconds();
    this.#cpuSeconds.setTotal(cpuSeconds);
    const elapsedMs = at - this.#windowStart.at;
    if (elapsedMs < this.#minWindowMs) return;
    const usedMs = (cpuSeconds - this.#windowStart.cpuSeconds) * 1000;
    // the two clocks tick apart, so that full load may come out a little above 1
    this.#cpuRatio.set(Math.min(1, usedMs / (elapsedMs * this.#cores)));
    this.#windowStart = { at, cpuSeconds };
  }

  #readCpuSeconds(): number {
    const { user, system } = this.#source.cpuUsage();
    return (user + system) / 1e6;
  }
}
