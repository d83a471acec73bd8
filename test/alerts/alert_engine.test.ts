import { suite, test } from "node:test";
import assert from "node:assert/strict";
import type { AlertChange } from "../../lib/alerts/alert.ts";
import { AlertEngine } from "../../lib/alerts/alert_engine.ts";
import type { AlertCondition, AlertRule } from "../../lib/alerts/alert_rule.ts";
import { VirtualClock } from "../../lib/base/virtual_clock.ts";
import { MetricsStore } from "../../lib/store/metrics_store.ts";
import { SeriesReader } from "./_series_reader.ts";

const SECOND = 1000;

const latency: AlertCondition = {
  metric: "latency_seconds",
  fn: "last",
  windowMs: 15_000,
  op: ">",
  threshold: 2,
};

function rule(rest: Partial<AlertRule> = {}): AlertRule {
  const message = "{{platform}} takes {{value}}, above {{threshold}}";
  return {
    name: "slow",
    level: "warning",
    condition: latency,
    forMs: 10_000,
    cooldownMs: 0,
    message,
    ...rest,
  };
}

function setUp(rules: readonly AlertRule[] = [rule()]): {
  reader: SeriesReader;
  engine: AlertEngine;
  errors: unknown[];
} {
  const reader = new SeriesReader();
  const errors: unknown[] = [];
  const engine = new AlertEngine({
    reader,
    rules,
    clock: new VirtualClock({ startMs: 0 }),
    onError: (e) => errors.push(e),
  });
  return { reader, engine, errors };
}

function brief(changes: readonly AlertChange[]): string[] {
  return changes.map(
    ({ alert, previous, notify }) => `${alert.id}: ${previous} > ${alert.state}${notify ? "!" : ""}`,
  );
}

suite("AlertEngine", () => {
  test("has an alert for each set of labels, with what a page shows of it", () => {
    const { reader, engine } = setUp();
    for (const second of [0, 10]) {
      reader.put(second * SECOND, { 'latency_seconds{platform="a"}': 3, 'latency_seconds{platform="b"}': 1 });
      engine.evaluate(second * SECOND);
    }
    assert.deepEqual(engine.alerts, [
      {
        id: 'slow{platform="a"}',
        rule: "slow",
        level: "warning",
        state: "firing",
        labels: { platform: "a" },
        message: "a takes 3.0 s, above 2.0 s",
        value: 3,
        threshold: 2,
        activeAt: 0,
        firedAt: 10_000,
        notified: true,
      },
    ]);
    reader.put(11_000, { 'latency_seconds{platform="a"}': 1, 'latency_seconds{platform="b"}': 4 });
    assert.deepEqual(brief(engine.evaluate(11_000)), [
      'slow{platform="a"}: firing > resolved!',
      'slow{platform="b"}: inactive > pending',
    ]);
    // of a resolved alert the message says what had been wrong
    assert.equal(engine.alerts[0]?.message, "a takes 3.0 s, above 2.0 s");
    assert.equal(engine.alerts[0]?.resolvedAt, 11_000);
  });

  test("takes a series that stops, and NaN, for no data", () => {
    const { reader, engine } = setUp();
    for (const second of [0, 10, 20]) {
      reader.put(second * SECOND, { latency_seconds: 3 });
      engine.evaluate(second * SECOND);
    }
    assert.deepEqual(brief(engine.evaluate(35 * SECOND)), []); // the last one is 15 s old
    reader.put(35.5 * SECOND, { latency_seconds: NaN });
    assert.deepEqual(brief(engine.evaluate(36 * SECOND)), ["slow: firing > no-data"]);
    reader.put(37 * SECOND, { latency_seconds: 1 });
    assert.deepEqual(brief(engine.evaluate(37 * SECOND)), ["slow: no-data > resolved!"]);
  });

  for (const [fn, values, met] of [
    ["last", [9, 9, 1], false],
    ["avg", [0, 1, 6], true],
    ["avg", [0, 0, 6], false],
    ["min", [3, 2, 4], false],
    ["min", [3, 2.5, 4], true],
    ["max", [0, 2.5, 0], true],
    ["jump", [5, 3, 5], false], // 2 is not above 2
    ["jump", [5, 2.9, 5], true],
    ["jump", [9], false],
  ] as const) {
    test(`${fn} of ${values.join(", ")} is ${met ? "" : "not "}above 2`, () => {
      const { reader, engine } = setUp([rule({ condition: { ...latency, fn }, forMs: 0 })]);
      reader.put(-16_000, { latency_seconds: 100 }); // before the window
      for (const [i, value] of values.entries()) reader.put(i * SECOND, { latency_seconds: value });
      engine.evaluate((values.length - 1) * SECOND);
      assert.equal(engine.alerts.length, met ? 1 : 0);
    });
  }

  for (const [op, fires] of [
    [">", [3]],
    [">=", [2, 3]],
    ["<", [1]],
    ["<=", [1, 2]],
    ["==", [2]],
    ["!=", [1, 3]],
  ] as const) {
    test(`${op} 2 holds for ${fires.join(" and ")} of 1, 2, 3`, () => {
      const { reader, engine } = setUp([rule({ condition: { ...latency, op }, forMs: 0 })]);
      for (const n of [1, 2, 3]) reader.put(0, { [`latency_seconds{n="${n}"}`]: n });
      engine.evaluate(0);
      assert.deepEqual(
        engine.alerts.map(({ labels }) => Number(labels["n"])),
        fires,
      );
    });
  }

  test("recovers below the clear threshold only", () => {
    const { reader, engine } = setUp([rule({ forMs: 0, clear: 1.5 })]);
    const states = [3, 1.9, 1.6, 1.5].map((value, i) => {
      reader.put(i, { latency_seconds: value });
      engine.evaluate(i);
      return engine.alerts[0]?.state;
    });
    assert.deepEqual(states, ["firing", "firing", "firing", "resolved"]);
  });

  test("fires for any of several conditions, and clears with all of them", () => {
    const errorsAbove = { metric: "errors", fn: "max", windowMs: 15_000, op: ">", threshold: 0 } as const;
    const { reader, engine } = setUp([rule({ forMs: 0, condition: { any: [latency, errorsAbove] } })]);
    reader.put(0, { 'latency_seconds{platform="a"}': 1, 'errors{platform="a"}': 4 });
    engine.evaluate(0);
    assert.equal(engine.alerts[0]?.message, "a takes 4, above 0");
    reader.put(16_000, { 'latency_seconds{platform="a"}': 1 });
    assert.deepEqual(brief(engine.evaluate(16_000)), ['slow{platform="a"}: firing > resolved!']);
  });

  test("shows an error while its metrics cannot be read, says so once, and goes on after", () => {
    const { reader, engine, errors } = setUp();
    reader.put(0, { latency_seconds: 3 });
    engine.evaluate(0);
    reader.failure = new Error("store is gone");
    assert.deepEqual(brief(engine.evaluate(1000)), ["slow: pending > error"]);
    assert.deepEqual(brief(engine.evaluate(2000)), []);
    assert.deepEqual(errors, [reader.failure]);
    reader.failure = undefined;
    assert.deepEqual(brief(engine.evaluate(3000)), ["slow: error > pending"]);
    assert.deepEqual(brief(engine.evaluate(10_000)), ["slow: pending > firing!"]);
  });

  test("tells listeners, survives one that throws, and stops telling one that left", () => {
    const { reader, engine, errors } = setUp([rule({ forMs: 0 })]);
    const seen: string[] = [];
    const failure = new Error("expected by the test");
    engine.subscribe(() => {
      throw failure;
    });
    const leave = engine.subscribe((change) => seen.push(...brief([change])));
    reader.put(0, { latency_seconds: 3 });
    engine.evaluate(0);
    assert.equal(engine.acknowledge("slow"), true);
    assert.equal(engine.acknowledge("fast"), false);
    leave();
    reader.put(1, { latency_seconds: 1 });
    engine.evaluate(1);
    assert.deepEqual(seen, ["slow: inactive > firing!", "slow: firing > firing"]);
    assert.deepEqual(errors, [failure, failure, failure]);
    assert.equal(engine.acknowledge("slow"), false);
  });

  test("an acknowledgement lasts until the alert begins anew", () => {
    const { reader, engine } = setUp([rule({ forMs: 0 })]);
    const acknowledged = [3, 3, 1, 3].map((value, i) => {
      reader.put(i, { latency_seconds: value });
      engine.evaluate(i);
      if (i === 0) engine.acknowledge("slow");
      return engine.alerts[0]?.acknowledged;
    });
    assert.deepEqual(acknowledged, [true, true, true, undefined]);
  });

  test("reads a metrics store as it is", async () => {
    await using store = await MetricsStore.open({ clock: new VirtualClock({ startMs: 0 }) });
    const engine = new AlertEngine({ reader: store, rules: [rule({ forMs: 0 })] });
    store.append(1000, { 'latency_seconds{platform="a"}': 3 });
    assert.deepEqual(brief(engine.evaluate(1000)), ['slow{platform="a"}: inactive > firing!']);
    assert.deepEqual(brief(engine.evaluate(20_000)), ['slow{platform="a"}: firing > no-data']);
  });

  test("refuses two rules of one name, and a negative time", () => {
    const reader = new SeriesReader();
    assert.throws(() => new AlertEngine({ reader, rules: [rule(), rule()] }), {
      message: /must differ, got slow twice/,
    });
    assert.throws(() => new AlertEngine({ reader, noDataMs: -1 }), {
      name: "RangeError",
      message: /'noDataMs'/,
    });
  });
});
