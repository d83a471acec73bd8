import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { SeededRandom } from "../../lib/base/random.ts";
import { AlertEngine } from "../../lib/alerts/alert_engine.ts";
import type { AlertCondition, AlertRule } from "../../lib/alerts/alert_rule.ts";
import { parseAlertRule } from "../../lib/alerts/parse_alert_rule.ts";
import { SeriesReader } from "./_series_reader.ts";

const SECOND = 1000;
const HOUR = 3_600_000;
const high = { metric: "m", fn: "last", windowMs: 30 * SECOND, op: ">", threshold: 5 } as const;
const other = { ...high, metric: "n" };

function rule(condition: AlertCondition): AlertRule {
  return {
    name: "r",
    level: "warning",
    condition,
    forMs: 0,
    cooldownMs: 0,
    message: "{{value}} {{threshold}}",
  };
}

/** Ids of what fires after samples of one moment. */
function firing(condition: AlertCondition, values: Readonly<Record<string, number>>): string[] {
  const reader = new SeriesReader();
  const engine = new AlertEngine({ reader, rules: [rule(condition)] });
  reader.put(0, values);
  engine.evaluate(0);
  return engine.alerts.filter(({ state }) => state === "firing").map(({ id }) => id);
}

/** The times at which it fires, of values 10 s apart. */
function firingTimes(
  condition: AlertCondition,
  values: readonly (number | undefined)[],
  stepMs = 10_000,
): number[] {
  const reader = new SeriesReader();
  const engine = new AlertEngine({ reader, rules: [rule(condition)], noDataMs: 0 });
  return values.flatMap((value, i) => {
    if (value !== undefined) reader.put(i * stepMs, { m: value });
    engine.evaluate(i * stepMs);
    return engine.alerts.some(({ state }) => state === "firing") ? [i] : [];
  });
}

suite("alert conditions", () => {
  test("all: the labels of the first, where the others do not contradict them", () => {
    const both = { all: [high, other] };
    assert.deepEqual(firing(both, { 'm{p="a"}': 9, 'm{p="b"}': 9, 'n{p="a",k="x"}': 9, 'n{p="b"}': 1 }), [
      'r{p="a"}',
    ]);
    assert.deepEqual(firing(both, { 'm{p="a"}': 9, 'm{p="b"}': 1, n: 9 }), ['r{p="a"}']);
    assert.deepEqual(firing(both, { 'm{p="a"}': 9, 'n{p="b"}': 9 }), []);
    assert.deepEqual(firing(both, { 'm{p="a"}': 9 }), []);
  });

  test("not: alone, within all, and of several", () => {
    assert.deepEqual(firing({ not: high }, { m: 1 }), ["r"]);
    assert.deepEqual(firing({ not: high }, { m: 9 }), []);
    const without = { all: [high, { not: other }] };
    assert.deepEqual(firing(without, { 'm{p="a"}': 9, 'm{p="b"}': 9, 'n{p="a"}': 9 }), ['r{p="b"}']);
    assert.deepEqual(firing(without, { 'm{p="a"}': 9 }), ['r{p="a"}']);
    assert.deepEqual(firing({ not: { any: [high, other] } }, { m: 1, n: 9 }), []);
  });

  test("always, and a function", () => {
    assert.deepEqual(firing({ always: true }, {}), ["r"]);
    const evaluate = (): { labels: { x: string }; isMet: boolean }[] => [
      { labels: { x: "1" }, isMet: true },
      { labels: { x: "2" }, isMet: false },
    ];
    assert.deepEqual(firing({ evaluate }, {}), ['r{x="1"}']);
  });

  test("absent fires when nothing has come for the window, and resolves when something does", () => {
    const values = Array.from({ length: 20 }, (_, i) => (i < 5 || i > 14 ? 1 : undefined));
    assert.deepEqual(
      firingTimes({ absent: { metric: "m", windowMs: 30_000 } }, values),
      [8, 9, 10, 11, 12, 13, 14],
    );
    assert.deepEqual(
      firing({ absent: { metric: "m", labels: { p: "a" }, windowMs: 1 } }, { 'm{p="b"}': 1 }),
      ['r{p="a"}'],
    );
  });

  test("a latency stuck at its last value is found, one that moves is not, and data that ends is not stuck", () => {
    const frozen = { metric: "m", fn: "unchanged", windowMs: 200_000, op: ">=", threshold: 100 } as const;
    const stuck = Array.from({ length: 30 }, (_, i) => (i < 10 ? i / 10 : 0.9));
    assert.deepEqual(firingTimes(frozen, stuck)[0], 19); // 100 s after it was first there, at 9
    assert.deepEqual(
      firingTimes(
        frozen,
        stuck.map((value, i) => value + (i % 9 === 0 ? 0.01 : 0)),
      ),
      [],
    );
    assert.deepEqual(
      firingTimes(
        frozen,
        stuck.map((value, i) => (i < 15 ? value : undefined)),
      ),
      [],
    );
  });

  test("prediction says that it will cross within a while", () => {
    // 1 a minute from 0: 100 are reached at 100 min
    const filling = Array.from({ length: 90 }, (_, i) => i);
    const soon = {
      metric: "m",
      fn: "predict",
      windowMs: HOUR,
      aheadMs: HOUR,
      op: ">=",
      threshold: 100,
    } as const;
    assert.equal(firingTimes(soon, filling, 60_000)[0], 40);
  });

  test("an anomaly is what deviates from its past, or from this time of the days before", () => {
    const random = new SeededRandom("anomaly");
    const noise = Array.from({ length: 400 }, () => 20 + random.normal());
    const spiked = noise.map((value, i) => (i >= 300 && i < 306 ? value + 6 : value));
    const plain = { anomaly: { metric: "m", windowMs: 60_000, baselineMs: 1_800_000, deviations: 6 } };
    const times = firingTimes(plain, spiked);
    assert.ok(times.length > 0 && times.every((i) => i >= 300 && i < 312), String(times));
    assert.deepEqual(firingTimes(plain, noise), []);

    // busy in the evening: every tenth of a day is a sample's step, and on the last day the evening is silent
    const days = Array.from({ length: 24 * 12 }, (_, i) => (i % 24 > 18 ? 50 : 5) + random.normal());
    const silent = days.map((value, i) => (i >= 24 * 11 && i % 24 === 20 ? 5 : value));
    const seasonal = {
      anomaly: {
        metric: "m",
        windowMs: HOUR,
        baselineMs: 240 * HOUR,
        seasonMs: 24 * HOUR,
        deviations: 8,
        least: 10,
      },
    };
    assert.deepEqual(firingTimes(seasonal, days, HOUR), []);
    assert.deepEqual(firingTimes(seasonal, silent, HOUR), [24 * 11 + 20]);
  });

  for (const [condition, message] of [
    [{ all: [] }, /'condition.all' must be a list of conditions, got \[\]/],
    [{ not: { ...high, op: "=" } }, /'condition.not.op' must be one of >,/],
    [{ all: [high], any: [high] }, /'condition.all' must be one of any, got "all"/],
    [{ absent: { metric: "m" } }, /'condition.absent.windowMs' must be a finite number > 0, got undefined/],
    [{ absent: { ...high } }, /'condition.absent.fn' must be one of metric, labels, windowMs/],
    [
      { anomaly: { metric: "m", windowMs: 5, baselineMs: 0, deviations: 3 } },
      /'condition.anomaly.baselineMs' must/,
    ],
    [
      { anomaly: { metric: "m", windowMs: 5, baselineMs: 9, deviations: 3, seasonMs: 4 } },
      /'condition.anomaly.seasonMs' must be a finite number >= windowMs, got 4/,
    ],
    [
      { ...high, fn: "quantile" },
      /'condition.quantile' must be 0 to 1, and only for quantile, got undefined/,
    ],
    [
      { ...high, aheadMs: 5 },
      /'condition.aheadMs' must be a finite number >= 0, and only for predict, got 5/,
    ],
    [{ always: false }, /'condition.always' must be true, got false/],
    [{ evaluate: "code" }, /'condition.evaluate' must be a function, got "code"/],
    [{ ...high, labels: { a: "x".repeat(1 << 20) } }, /'condition.labels' must be texts by name/],
  ] as const) {
    test(`refuses ${JSON.stringify(condition).slice(0, 90)}`, () => {
      assert.throws(() => parseAlertRule({ ...rule(high), condition }), { name: "TypeError", message });
    });
  }

  test("refuses what is nested without an end, and a metric that there is not", () => {
    let deep: AlertCondition = high;
    for (let i = 0; i < 50; i++) deep = { not: deep };
    assert.throws(() => parseAlertRule(rule(deep)), { message: /must be at most 8 conditions deep/ });
    const metrics = ["demi_platform_up", "process_cpu_seconds_total"];
    const wrong = { any: [{ ...high, metric: "demi_platfrom_up" }] };
    assert.throws(() => parseAlertRule(rule(wrong), { metrics }), {
      name: "TypeError",
      message:
        "Cannot use alert rule r: 'condition.any[0].metric' must be a metric that there is, such as demi_platform_up, got \"demi_platfrom_up\"",
    });
  });
});
