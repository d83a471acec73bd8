import { availableParallelism, cpus, totalmem } from "node:os";
import { formatBytes } from "../../lib/base/format.ts";
import { median } from "../../lib/stats/median.ts";
import { medianAbsoluteDeviation } from "../../lib/stats/median_absolute_deviation.ts";

/** One figure. */
export interface BenchRow {
  readonly name: string;
  readonly unit: string;
  /** Each measurement; the report shows their median. */
  readonly measured: readonly number[];
  /** Medians of peers, measured in the same run. */
  readonly peers?: Readonly<Record<string, number>>;
  /** At most this. */
  readonly goal: number;
}

/** Prints a table, or with `--json` the one object that DESIGN.md describes. */
export function reportBench(rows: readonly BenchRow[]): void {
  const machine = `${availableParallelism()} × ${cpus()[0]?.model ?? "unknown"}, ${formatBytes(totalmem())}, Node ${process.versions.node}`;
  const summarised = rows.map(({ name, unit, measured, peers = {}, goal }) => {
    const ours = median(measured);
    const best = Math.min(...Object.values(peers));
    const ratio = Number.isFinite(best) ? ours / best : null;
    return { name, unit, ours, peers, ratio, goal, met: ours <= goal };
  });
  if (process.argv.includes("--json")) {
    console.log(JSON.stringify({ machine, rows: summarised }));
    return;
  }
  console.log(machine);
  for (const [index, { name, unit, ours, goal, met }] of summarised.entries()) {
    const { measured } = rows[index]!;
    const spread = medianAbsoluteDeviation(measured);
    const figures = `${ours.toFixed(0)} ${unit} (n ${measured.length}, MAD ${spread.toFixed(0)})`;
    console.log(`${met ? "met   " : "MISSED"} ${name.padEnd(52)} ${figures.padEnd(30)} goal ${goal} ${unit}`);
  }
}
