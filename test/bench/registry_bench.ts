// What it costs to record: bound handles, and two labels that are known only at the call, beside prom-client and the least that
// a typed array can cost. `node test/bench/registry_bench.ts`; that nothing is allocated is asserted in test/metrics/allocation.test.ts.
import { Counter, Gauge, Histogram } from "prom-client";
import { MetricsRegistry } from "demi-health/metrics";
import { SeededRandom } from "demi-health/base";
import { reportBench } from "./_bench_report.ts";

const ROUNDS = 7;
const CALLS = 5_000_000;
const MASK = 1023;
const help = "For a benchmark";
const names = ["platform", "kind"] as const;
const one = ["platform"] as const;
const discord = { platform: "discord" } as const;
const platforms = ["discord", "android", "voice", "telegram"] as const;
const kinds = ["text", "image", "audio", "file"] as const;

const registry = new MetricsRegistry();
const counter = registry.counter({ name: "bench_total", help, labels: one }).bind(discord);
const gauge = registry.gauge({ name: "bench", help, labels: one }).bind(discord);
const histogram = registry.histogram({ name: "bench_seconds", help, labels: one }).bind(discord);
const keyed = registry.counter({ name: "bench_replies_total", help, labels: names }).keyedBy(...names);
const [theirCounter, theirGauge, theirHistogram] = [
  new Counter({ name: "bench_total", help, labelNames: one }).labels(discord),
  new Gauge({ name: "bench", help, labelNames: one }).labels(discord),
  new Histogram({ name: "bench_seconds", help, labelNames: one }).labels(discord),
];
const theirKeyed = new Counter({ name: "bench_replies_total", help, labelNames: names });
const random = new SeededRandom("bench");
// response times that no processor can foretell
const seconds = Float64Array.from({ length: MASK + 1 }, () => 12 * random.next() ** 4);
const slot = new Float64Array(1);

// A function for each, so that each is optimized for what it calls.
const WORK: Readonly<Record<string, (calls: number) => void>> = {
  inc(calls) {
    for (let i = 0; i < calls; i++) counter.inc();
  },
  "inc, prom-client"(calls) {
    for (let i = 0; i < calls; i++) theirCounter.inc();
  },
  "inc, typed array"(calls) {
    for (let i = 0; i < calls; i++) slot[0]! += 1;
  },
  set(calls) {
    for (let i = 0; i < calls; i++) gauge.set(i);
  },
  "set, prom-client"(calls) {
    for (let i = 0; i < calls; i++) theirGauge.set(i);
  },
  observe(calls) {
    for (let i = 0; i < calls; i++) histogram.observe(seconds[i & MASK]!);
  },
  "observe, prom-client"(calls) {
    for (let i = 0; i < calls; i++) theirHistogram.observe(seconds[i & MASK]!);
  },
  labels(calls) {
    for (let i = 0; i < calls; i++) keyed.get(platforms[i & 3]!, kinds[(i >> 2) & 3]!).inc();
  },
  "labels, prom-client"(calls) {
    for (let i = 0; i < calls; i++) theirKeyed.labels(platforms[i & 3]!, kinds[(i >> 2) & 3]!).inc();
  },
};

const found = new Map<string, number[]>(Object.keys(WORK).map((name) => [name, []]));
for (let round = -1; round < ROUNDS; round++) {
  for (const [name, work] of Object.entries(WORK)) {
    const calls = name.includes("prom-client") ? CALLS / 10 : CALLS;
    const begun = performance.now();
    work(calls);
    const ns = ((performance.now() - begun) * 1e6) / calls;
    if (round >= 0) found.get(name)!.push(ns); // the first one is for the optimizer
  }
}

const middle = (name: string): number => found.get(name)!.toSorted((a, b) => a - b)[ROUNDS >> 1]!;
const peers = (name: string): Readonly<Record<string, number>> => ({
  "prom-client": middle(`${name}, prom-client`),
});
const row = (name: string, goal: number, title: string) =>
  ({ name: title, unit: "ns", measured: found.get(name)!, goal, peers: peers(name) }) as const;
reportBench([
  {
    ...row("inc", 4, "inc() of a bound counter"),
    peers: { ...peers("inc"), "a typed array alone": middle("inc, typed array") },
  },
  row("set", 4, "set() of a bound gauge"),
  row("observe", 10, "observe() of a bound histogram, 11 buckets"),
  row("labels", 20, "inc() by two labels at the call"),
]);
