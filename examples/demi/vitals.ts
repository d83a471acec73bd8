import { statfs } from "node:fs/promises";
import { availableParallelism, totalmem } from "node:os";
import { systemClock } from "../../lib/base/system_clock.ts";

const GIB = 1024 ** 3;
const KEPT_RESPONSES = 200;

/** What `/api/health` says of the machine and of how fast Demi answers. A value that is not known is `null`. */
export class Vitals {
  readonly #directory: string;
  readonly #responseTimesMs: number[] = [];
  #cpu: NodeJS.CpuUsage = process.cpuUsage();
  #cpuAtMs: number = systemClock.monotonicMs();

  /** @param directory Whose disk is looked at. */
  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Keeps a response time; the latest 200 count. */
  addResponseTime(ms: number): void {
    this.#responseTimesMs.push(ms);
    if (this.#responseTimesMs.length > KEPT_RESPONSES) this.#responseTimesMs.shift();
  }

  async read(): Promise<Readonly<Record<string, number | null>>> {
    const total = process.constrainedMemory() || totalmem(); // 0 where nothing limits the process
    const limit = Math.min(total, totalmem());
    const available = Math.min(process.availableMemory(), limit);
    const disk = await statfs(this.#directory);
    return {
      memory_percent: (100 * (limit - available)) / limit,
      memory_used_gb: (limit - available) / GIB,
      memory_available_gb: available / GIB,
      memory_total_gb: limit / GIB,
      cpu_percent: this.#readCpuPercent(),
      disk_percent: (100 * (disk.blocks - disk.bavail)) / disk.blocks,
      disk_free_gb: (disk.bavail * disk.bsize) / GIB,
      response_time_p90: quantile(this.#responseTimesMs, 0.9),
    };
  }

  /** Share of all cores that this process has used since the last look. */
  #readCpuPercent(): number | null {
    const nowMs = systemClock.monotonicMs();
    const elapsedMs = nowMs - this.#cpuAtMs;
    if (elapsedMs < 1) return null;
    const { user, system } = process.cpuUsage(this.#cpu);
    this.#cpu = process.cpuUsage();
    this.#cpuAtMs = nowMs;
    return (user + system) / 10 / elapsedMs / availableParallelism();
  }
}

/** Nearest-rank quantile; `null` of nothing. */
function quantile(values: readonly number[], q: number): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.ceil(q * sorted.length) - 1] ?? null;
}
