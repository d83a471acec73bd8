// What an evaluation costs: 1,000 rules over 10,000 series, beside Prometheus's figures for none of it (it has no such benchmark).
// `node test/bench/alert_bench.ts`.
import { AlertEngine, type AlertRule } from "demi-health/alerts";
import { SeededRandom, VirtualClock } from "demi-health/base";
import { MetricsStore } from "demi-health/store";
import { reportBench } from "./_bench_report.ts";

const RULES = 1000;
const SERIES = 10_000;
const ROUNDS = 30;
const STEP_MS = 4000;

const clock = new VirtualClock();
const store = await MetricsStore.open({ clock, maxSeries: 2 * SERIES });
const random = new SeededRandom("alerts");
const keys = Array.from({ length: SERIES }, (_, i) => `metric_${i % RULES}{n="${Math.floor(i / RULES)}"}`);
const functions = ["last", "avg", "max", "rate"] as const;
const rules: AlertRule[] = Array.from({ length: RULES }, (_, i) => ({
  name: `rule_${i}`,
  level: "warning",
  condition: {
    metric: `metric_${i}`,
    fn: functions[i % 4]!,
    windowMs: 60_000,
    op: ">",
    threshold: i % 4 === 3 ? 1 : 0.999,
  },
  forMs: 8000,
  cooldownMs: 60_000,
  message: "{{value}} of {{n}}",
}));

const engine = new AlertEngine({ reader: store, rules, clock });
const measured: number[] = [];
for (let round = 0; round < ROUNDS + 20; round++) {
  store.append(clock.now(), Object.fromEntries(keys.map((key) => [key, random.next()])));
  const begun = performance.now();
  engine.evaluate();
  if (round >= 20) measured.push(performance.now() - begun);
  await clock.advance(STEP_MS);
}
reportBench([{ name: "1,000 rules over 10,000 series", unit: "ms", measured, goal: 20 }]);
