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
  /** At most this; where more is better, at least this. */
  readonly goal: number;
  /** @default {"lower"} */
  readonly better?: "lower" | "higher";
}

/** Prints a table, or with `--json` the one object that DESIGN.md describes. */
export function reportBench(rows: readonly BenchRow[]): void {
  const machine = `${availableParallelism()} × ${cpus()[0]?.model ?? "unknown"}, ${formatBytes(totalmem())}, Node ${process.versions.node}`;
  const summarised = rows.map(({ name, unit, measured, peers = {}, goal, better = "lower" }) => {
    const ours = median(measured);
    const best = (better === "lower" ? Math.min : Math.max)(...Object.values(peers));
    const ratio = Number.isFinite(best) ? ours / best : null;
    const met = better === "lower" ? ours <= goal : ours >= goal;
    return { name, unit, ours, peers, ratio, goal, met };
  });
  if (process.argv.includes("--json")) {
    console.log(JSON.stringify({ machine, rows: summarised }));
    return;
  }
  console.log(machine);
  for (const [index, { name, unit, ours, goal, met, peers, ratio }] of summarised.entries()) {
    const { measured } = rows[index]!;
    const spread = medianAbsoluteDeviation(measured);
    const figures = `${show(ours)} ${unit} (n ${measured.length}, MAD ${show(spread)})`;
    const beside = Object.entries(peers).map(
      ([peer, value]) => `; ${peer} ${show(value)}, ratio ${ratio?.toFixed(2)}`,
    );
    const line = `${met ? "met   " : "MISSED"} ${name.padEnd(52)} ${figures.padEnd(30)} goal ${show(goal)} ${unit}`;
    console.log(line + beside.join(""));
  }
}

function show(value: number): string {
  if (Number.isInteger(value) || Math.abs(value) >= 100) return value.toFixed(0);
  return Math.abs(value) < 10 ? value.toFixed(2) : value.toFixed(1);
}
