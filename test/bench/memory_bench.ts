// What watching memory costs, and how true it foretells: the profiler on pocket Demi under casual load, with and without
// it in turn; the detector on traces of 2,700 samples; its projection on 200 processes whose future is known.
// `node test/bench/memory_bench.ts`, with --detector without the profiler; how often its verdict is right the scorer of test/bench/leak_adapter.ts tells.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import process from "node:process";
import { forceGc } from "../../lib/memory/force_gc.ts";
import { LeakDetector } from "../../lib/memory/leak_detector.ts";
import { memoryCourses } from "./_memory_courses.ts";
import { reportBench } from "./_bench_report.ts";

const PAIRS = 5;
const SECONDS = "30";
const COURSES = 200;
const TRACE = 2700;
const WARM_UP = 20;
const DEMI = fileURLToPath(new URL("_profiled_demi.ts", import.meta.url));
const run = promisify(execFile);

function say(text: string): void {
  if (!process.argv.includes("--json")) console.error(text);
}

async function liveOnce(mode: "with" | "without"): Promise<{ cpuRatio: number; rssBytes: number }> {
  const { stdout } = await run(process.execPath, [DEMI, mode, SECONDS]);
  return JSON.parse(stdout) as { cpuRatio: number; rssBytes: number };
}

async function measureProfiler(): Promise<{
  readonly cpu: readonly number[];
  readonly rss: readonly number[];
}> {
  const cpu: number[] = [];
  const rss: number[] = [];
  for (let pair = 1; pair <= PAIRS; pair++) {
    say(`profiler, pair ${pair} of ${PAIRS}, about 75 s …`);
    // in turn, and the other first each time: what the machine does meanwhile falls on both
    const order = pair % 2 === 0 ? (["with", "without"] as const) : (["without", "with"] as const);
    const found = { with: { cpuRatio: 0, rssBytes: 0 }, without: { cpuRatio: 0, rssBytes: 0 } };
    for (const mode of order) found[mode] = await liveOnce(mode);
    cpu.push(1000 * (found.with.cpuRatio - found.without.cpuRatio));
    rss.push((found.with.rssBytes - found.without.rssBytes) / 1e3);
  }
  return { cpu, rss };
}

function feed(detector: LeakDetector, bytes: readonly number[], everyMs: number): void {
  for (const [i, postGcBytes] of bytes.entries()) detector.add({ timestamp: i * everyMs, postGcBytes });
}

function measureDetector(): { readonly add: number[]; readonly verdict: number[] } {
  const add: number[] = [];
  const verdict: number[] = [];
  for (const [round, { bytes }] of [...memoryCourses(WARM_UP + 50, "bench")].entries()) {
    const trace = bytes.slice(0, TRACE);
    // a course that is shorter goes on as it ended
    while (trace.length < TRACE) trace.push(trace.at(-bytes.length)! + 1e4 * trace.length);
    const detector = new LeakDetector();
    const begun = performance.now();
    feed(detector, trace, 60_000);
    const fed = performance.now();
    detector.verdict();
    if (round < WARM_UP) continue; // until it is compiled
    add.push(((fed - begun) * 1e6) / TRACE);
    verdict.push((performance.now() - begun) * 1000);
  }
  return { add, verdict };
}

function measureWeek(): number[] {
  const kept: LeakDetector[] = [];
  return Array.from({ length: 8 }, () => {
    // twice: what the one before let go of by finalizers is no size of the next
    forceGc();
    forceGc();
    const before = process.memoryUsage();
    const detector = new LeakDetector();
    kept.push(detector); // alive while its size is read
    for (let i = 0; i < 60_480; i++) {
      const size = 3e8 + 1e6 * (i % 97);
      detector.add({
        timestamp: i * 10_000,
        postGcBytes: size,
        heapUsedBytes: size,
        rssBytes: size,
        externalBytes: size,
        arrayBuffersBytes: size,
      });
    }
    detector.verdict();
    forceGc();
    forceGc();
    const after = process.memoryUsage();
    return (after.heapUsed + after.external - before.heapUsed - before.external) / 1e3;
  }).slice(2); // the first compile
}

function measureProjection(): number {
  let covered = 0;
  for (const { bytes, inSevenDaysBytes } of memoryCourses(COURSES, "projection")) {
    const detector = new LeakDetector();
    feed(detector, bytes, 60_000);
    const { low = 0, high = 0 } = detector.verdict().series[0]?.inSevenDaysBytes ?? {};
    if (low <= inSevenDaysBytes && inSevenDaysBytes <= high) covered++;
  }
  return (1000 * covered) / COURSES;
}

const { add, verdict } = measureDetector();
const week = measureWeek();
say(`projection of ${COURSES} processes, about 5 s …`);
const projection = measureProjection();
const isWhole = !process.argv.includes("--detector");
const { cpu, rss } = isWhole ? await measureProfiler() : { cpu: [], rss: [] };
reportBench([
  { name: "LeakDetector.add", unit: "ns a sample", measured: add, goal: 1000 },
  { name: "2,700 samples and a verdict", unit: "µs", measured: verdict, goal: 4000 },
  { name: "memory of a detector, five series, 7 days at 10 s", unit: "kB", measured: week, goal: 1000 },
  {
    name: "90 % interval in seven days covers the truth (85 to 95 %)",
    unit: "‰",
    measured: [projection],
    goal: 850,
    better: "higher",
  },
  ...(isWhole
    ? [
        {
          name: "MemoryProfiler on the demo, casual load: CPU",
          unit: "‰ of a core",
          measured: cpu,
          goal: 10,
        },
        { name: "MemoryProfiler on the demo, casual load: memory", unit: "kB", measured: rss, goal: 15_000 },
      ]
    : []),
]);
