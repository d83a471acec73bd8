// How fast seven virtual days pass, and what a long run is made of, each beside its peers in one run. A topic a module.
import { reportBench } from "./_bench_report.ts";
import { measureClockRows } from "./_clock_rows.ts";
import { measureWeekRows } from "./_week_rows.ts";

function say(what: string): void {
  if (!process.argv.includes("--json")) console.error(what);
}

reportBench([...(await measureClockRows(say)), ...(await measureWeekRows(say))]);
