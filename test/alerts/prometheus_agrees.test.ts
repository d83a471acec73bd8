// Prometheus's own rule engine, by `promtool test rules`, is given the same series and rules, and must fire when ours does.
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, test } from "node:test";
import { promisify } from "node:util";
import assert from "node:assert/strict";
import { SeededRandom } from "../../lib/base/random.ts";
import { AlertEngine } from "../../lib/alerts/alert_engine.ts";
import type { AlertCondition, AlertRule, ThresholdCondition } from "../../lib/alerts/alert_rule.ts";
import { toPrometheusRules } from "../../lib/alerts/to_prometheus_rules.ts";
import { evaluateWindow } from "../../lib/metrics/window_function.ts";
import { SeriesReader } from "./_series_reader.ts";

const STEP_MS = 15_000;
const STEPS = 60;

/** Values by key, a hole where there is no sample. */
type Series = Readonly<Record<string, readonly (number | undefined)[]>>;

interface Case {
  readonly name: string;
  readonly series: Series;
  readonly condition: AlertCondition;
  readonly forMs?: number;
  readonly keepFiringMs?: number;
}

const random = new SeededRandom("corpus");
const steps = <T>(make: (i: number) => T): T[] => Array.from({ length: STEPS }, (_, i) => make(i));
const gauge = steps(() => Number((random.next() * 10).toFixed(2)));
let total = 0;
const counter = steps((i) => {
  total = i === 25 || i === 41 ? random.integer(0, 3) : total + random.integer(0, 9);
  return total;
});
const holes = gauge.map((value, i) => (i % 7 === 3 || (i > 20 && i < 32) ? undefined : value));
const drift = steps((i) => Number((i * 0.7 + random.next() * 5).toFixed(2)));
const waves = steps((i) => (i % 16 < 8 ? 9 : 1));
const clockSeconds = steps((i) => (i < 30 ? i * 15 : 450));

const on = (rest: Partial<ThresholdCondition>): ThresholdCondition => ({
  metric: "m",
  fn: "last",
  windowMs: 60_000,
  op: ">",
  threshold: 5.001,
  ...rest,
});

/** A threshold that about half of the function's values are above: where there is most to differ in. */
function halfway(
  values: readonly (number | undefined)[],
  rest: Partial<ThresholdCondition>,
): ThresholdCondition {
  const condition = on(rest);
  const points = values.flatMap((value, i) => (value === undefined ? [] : [[i * STEP_MS, value] as const]));
  const found = steps((i) => {
    const [from, to] = [i * STEP_MS - condition.windowMs, i * STEP_MS];
    const inside = points.filter(([time]) => time >= from && time <= to);
    return evaluateWindow(condition.fn, inside, { from, to, ...condition });
  }).filter((value) => value !== undefined);
  found.sort((a, b) => a - b);
  return { ...condition, threshold: found[found.length >> 1]! + 0.000_37 };
}

const cases: Case[] = [];
const windowed = [
  "last",
  "avg",
  "min",
  "max",
  "sum",
  "count",
  "stddev",
  "delta",
  "deriv",
  "changes",
] as const;
for (const fn of windowed) {
  cases.push({ name: `${fn} of a gauge`, series: { m: gauge }, condition: halfway(gauge, { fn }) });
  cases.push({
    name: `${fn} of a gauge with holes`,
    series: { m: holes },
    condition: halfway(holes, { fn, windowMs: 90_000 }),
  });
}
for (const fn of ["rate", "increase"] as const) {
  const withHoles = counter.map((value, i) => (i % 9 === 4 ? undefined : value));
  cases.push({
    name: `${fn} of a counter that is reset`,
    series: { m: counter },
    condition: halfway(counter, { fn }),
  });
  cases.push({
    name: `${fn} of a counter with holes`,
    series: { m: withHoles },
    condition: halfway(withHoles, { fn, windowMs: 120_000, op: "<=" }),
  });
}
for (const quantile of [0, 0.3, 0.9, 1]) {
  const condition = halfway(gauge, { fn: "quantile", quantile, windowMs: 150_000 });
  cases.push({ name: `quantile ${quantile}`, series: { m: gauge }, condition });
}
cases.push(
  {
    name: "prediction of a drift",
    series: { m: drift },
    condition: halfway(drift, { fn: "predict", aheadMs: 600_000, windowMs: 300_000 }),
  },
  {
    name: "prediction with holes",
    series: { m: holes },
    condition: halfway(holes, { fn: "predict", aheadMs: 60_000, windowMs: 120_000 }),
  },
  {
    name: "age of a clock that stops",
    series: { m: clockSeconds },
    condition: on({ fn: "age", threshold: 100 }),
  },
  { name: "held for a while", series: { m: waves }, condition: on({}), forMs: 45_000 },
  {
    name: "held for exactly as long as it lasts",
    series: { m: waves },
    condition: on({ windowMs: 15_000 }),
    forMs: 105_000,
  },
  {
    name: "held for longer than it lasts",
    series: { m: waves },
    condition: on({ windowMs: 15_000 }),
    forMs: 120_000,
  },
  { name: "kept firing", series: { m: waves }, condition: on({}), keepFiringMs: 60_000 },
  {
    name: "kept firing until it comes back",
    series: { m: waves },
    condition: on({}),
    forMs: 30_000,
    keepFiringMs: 150_000,
  },
  {
    name: "data gone while pending",
    series: { m: waves.map((value, i) => (i % 16 === 4 || i % 16 === 5 ? undefined : value)) },
    condition: on({ windowMs: 15_000 }),
    forMs: 75_000,
  },
  {
    name: "data gone while firing",
    series: { m: waves.map((value, i) => (i > 20 && i < 30 ? undefined : value)) },
    condition: on({ windowMs: 15_000 }),
  },
  {
    name: "one of two series",
    series: { 'm{p="a"}': waves, 'm{p="b"}': gauge },
    condition: on({ labels: { p: "b" } }),
  },
  {
    name: "each of two series",
    series: { 'm{p="a"}': waves, 'm{p="b"}': gauge },
    condition: on({}),
    forMs: 15_000,
  },
  {
    name: "absent",
    series: { m: steps((i) => (i < 10 || i > 40 ? 1 : undefined)) },
    condition: { absent: { metric: "m", windowMs: 60_000 } },
    forMs: 30_000,
  },
  {
    name: "absent with a label",
    series: { 'm{p="a"}': gauge, 'm{p="b"}': steps((i) => (i < 10 ? 1 : undefined)) },
    condition: { absent: { metric: "m", labels: { p: "b" }, windowMs: 60_000 } },
  },
  {
    name: "any of two",
    series: { m: waves, n: gauge },
    condition: { any: [on({}), on({ metric: "n", fn: "avg", op: "<", threshold: 4.2 })] },
  },
  { name: "always", series: { m: gauge }, condition: { always: true }, forMs: 30_000 },
  ...([">=", "<", "==", "!="] as const).map((op) => ({
    name: `compared by ${op}`,
    series: { m: waves },
    condition: on({ op, threshold: 9, windowMs: 15_000 }),
  })),
);

/** At each step, the labels for which our engine fires. */
function ours(rule: AlertRule, series: Series): (readonly Readonly<Record<string, string>>[])[] {
  const reader = new SeriesReader();
  const engine = new AlertEngine({ reader, rules: [rule], noDataMs: 0 });
  return steps((i) => {
    const now = i * STEP_MS;
    const known = Object.entries(series).filter(([, values]) => values[i] !== undefined);
    reader.put(now, Object.fromEntries(known.map(([key, values]) => [key, values[i]!])));
    engine.evaluate(now);
    const firing = engine.alerts.filter(({ state }) => state === "firing" || state === "recovering");
    return firing.map(({ labels }) => labels);
  });
}

const promtool = await promisify(execFile)("promtool", ["--version"]).then(
  () => true,
  () => false,
);

suite(
  "Prometheus",
  { skip: promtool ? false : "promtool, of Debian's package prometheus, is not there" },
  () => {
    test(`fires when the engine does, in ${cases.length} cases`, async () => {
      const folder = await mkdtemp(join(tmpdir(), "demi-promtool-"));
      try {
        const tests: unknown[] = [];
        const rules: AlertRule[] = [];
        let firings = 0;
        for (const [i, { series, condition, forMs = 0, keepFiringMs = 0 }] of cases.entries()) {
          const rest = {
            level: "warning",
            message: "x",
            cooldownMs: 0,
            forMs,
            keepFiringMs,
            condition,
          } as const;
          const rule: AlertRule = { name: `case_${i}`, ...rest };
          rules.push(rule);
          const fired = ours(rule, series);
          firings += fired.flat().length;
          tests.push({
            name: cases[i]!.name,
            interval: "15s",
            input_series: Object.entries(series).map(([key, values]) => ({
              series: key,
              values: values.map((value) => value ?? "_").join(" "),
            })),
            alert_rule_test: fired.map((labels, step) => ({
              eval_time: `${(step * STEP_MS) / 1000}s`,
              alertname: rule.name,
              exp_alerts: labels.map((own) => ({
                exp_labels: { ...own, severity: "warning" },
                exp_annotations: { summary: "x" },
              })),
            })),
          });
        }
        assert.ok(
          cases.length >= 30 && firings > 10 * cases.length,
          `${cases.length} cases, ${firings} firings`,
        );
        const { yaml, skipped } = toPrometheusRules(rules);
        assert.deepEqual(skipped, []);
        await writeFile(join(folder, "rules.yaml"), yaml);
        const file = join(folder, "tests.yaml");
        const all = { rule_files: ["rules.yaml"], evaluation_interval: "15s", tests };
        await writeFile(file, JSON.stringify(all)); // which is YAML, too
        await promisify(execFile)("promtool", ["test", "rules", file], { maxBuffer: 2 ** 26 }).catch(
          (error: { stdout: string; stderr: string }) =>
            assert.fail(`${error.stdout}\n${error.stderr}`.slice(0, 6000)),
        );
        // and it would say if not: one more firing than there is
        const [first] = tests as { alert_rule_test: { exp_alerts: unknown[] }[] }[];
        first!.alert_rule_test[0]!.exp_alerts = [{ exp_labels: { severity: "warning", p: "z" } }];
        await writeFile(file, JSON.stringify({ ...all, tests: [first] }));
        await assert.rejects(promisify(execFile)("promtool", ["test", "rules", file]));
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    });
  },
);
