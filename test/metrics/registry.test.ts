import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { CardinalityError } from "../../lib/metrics/family.ts";
import { exponentialBuckets } from "../../lib/metrics/histogram.ts";
import { MetricsRegistry } from "../../lib/metrics/registry.ts";

const help = "For a test";

/** Value by sample key, of the samples whose metric begins with `t_`. */
function valuesOf(registry: MetricsRegistry): Record<string, number> {
  const own = registry.collect().filter(({ name }) => name.startsWith("t_"));
  return Object.fromEntries(own.map(({ key, value }) => [key, value]));
}

suite("MetricsRegistry", () => {
  test("collects counters, gauges and histograms as samples with keys", () => {
    const registry = new MetricsRegistry();
    const counter = registry.counter({ name: "t_replies_total", help, labels: ["platform"] });
    const discord = counter.bind({ platform: "discord" });
    discord.inc();
    discord.inc(2.5);
    registry.gauge({ name: "t_mood", help }).bind().set(-0.5);
    const histogram = registry.histogram({ name: "t_seconds", help, labels: ["kind"], buckets: [0.1, 1] });
    for (const value of [0.1, 0.5, 7]) histogram.bind({ kind: "a" }).observe(value);
    assert.deepEqual(valuesOf(registry), {
      't_replies_total{platform="discord"}': 3.5,
      t_mood: -0.5,
      't_seconds_bucket{kind="a",le="0.1"}': 1,
      't_seconds_bucket{kind="a",le="1"}': 2,
      't_seconds_bucket{kind="a",le="+Inf"}': 3,
      't_seconds_sum{kind="a"}': 7.6,
      't_seconds_count{kind="a"}': 3,
    });
    const [sample] = registry.samples();
    assert.deepEqual(sample, {
      name: "t_replies_total",
      labels: { platform: "discord" },
      key: 't_replies_total{platform="discord"}',
      value: 3.5,
      type: "counter",
    });
  });

  test("leaves out a gauge whose value is not known", () => {
    const registry = new MetricsRegistry();
    const gauge = registry.gauge({ name: "t_latency", help }).bind();
    assert.deepEqual(valuesOf(registry), {});
    gauge.set(3);
    assert.deepEqual(valuesOf(registry), { t_latency: 3 });
    gauge.set(NaN);
    assert.deepEqual(valuesOf(registry), {});
    gauge.inc(2);
    gauge.dec();
    assert.deepEqual(valuesOf(registry), { t_latency: 1 });
  });

  test("gives the same family for the same definition, and refuses another under its name", () => {
    const registry = new MetricsRegistry();
    const family = registry.counter({ name: "t_total", help, labels: ["a", "b"] });
    assert.equal(registry.counter({ name: "t_total", help, labels: ["b", "a"] }), family);
    assert.equal(family.bind({ a: "1", b: "2" }), family.bind({ b: "2", a: "1" }));
    assert.throws(() => registry.counter({ name: "t_total", help, labels: ["a"] }), {
      name: "TypeError",
      message: /^Cannot register counter t_total: its definition must be the one registered before/,
    });
    assert.throws(() => registry.gauge({ name: "t_total", help, labels: ["a", "b"] }), { name: "TypeError" });
    registry.histogram({ name: "t_seconds", help });
    assert.throws(() => registry.gauge({ name: "t_seconds_sum", help }), {
      message: /not be called like those of t_/,
    });
  });

  test("refuses one series too many, by name, and keeps those that it has", () => {
    const registry = new MetricsRegistry();
    const family = registry.counter({ name: "t_total", help, labels: ["user"], maxSeries: 2 });
    for (const user of ["a", "b", "a"]) family.bind({ user }).inc();
    assert.throws(
      () => family.bind({ user: "c" }),
      (error) => {
        assert.ok(error instanceof CardinalityError);
        assert.equal(
          error.message,
          'Cannot bind t_total{user="c"}: t_total must have at most 2 series, and has them all',
        );
        assert.deepEqual([error.metric, error.maxSeries, error.labels], ["t_total", 2, { user: "c" }]);
        return true;
      },
    );
    assert.equal(family.remove({ user: "a" }), true);
    family.bind({ user: "c" });
    assert.deepEqual(valuesOf(registry), { 't_total{user="b"}': 1, 't_total{user="c"}': 0 });
  });

  for (const [what, register, message] of [
    ["a name with a dash", (r) => r.gauge({ name: "t-x", help }), /'name' must match .*, got "t-x"/],
    ["a counter without _total", (r) => r.counter({ name: "t_x", help }), /must end in _total, got "t_x"/],
    [
      "a reserved label",
      (r) => r.gauge({ name: "t_x", help, labels: ["__a"] }),
      /label's name must match .* "__a"/,
    ],
    ["le on a histogram", (r) => r.histogram({ name: "t_x", help, labels: ["le"] }), /must not be "le"/],
    ["a label twice", (r) => r.gauge({ name: "t_x", help, labels: ["a", "a"] }), /'labels' must differ/],
    ["no help", (r) => r.gauge({ name: "t_x", help: "" }), /'help' must be a sentence/],
    [
      "buckets out of order",
      (r) => r.histogram({ name: "t_x", help, buckets: [1, 1] }),
      /ascending, got \[1, 1\]/,
    ],
    ["no buckets", (r) => r.histogram({ name: "t_x", help, buckets: [] }), /ascending, got \[\]/],
    ["no series", (r) => r.gauge({ name: "t_x", help, maxSeries: 0 }), /integer >= 1, got 0/],
  ] as const satisfies readonly (readonly [string, (registry: MetricsRegistry) => unknown, RegExp])[]) {
    test(`refuses ${what}`, () => {
      const registry = new MetricsRegistry();
      assert.throws(() => register(registry), { message });
      assert.equal(registry.catalogue().length, 1);
    });
  }

  test("refuses labels that are not those of the metric, and values that are no short text", () => {
    const family = new MetricsRegistry().gauge({ name: "t_x", help, labels: ["a"] });
    const bind = (labels: object): unknown => family.bind(labels as { a: string });
    assert.throws(() => bind({}), { message: "Cannot bind t_x: labels must be a, got none" });
    assert.throws(() => bind({ a: "1", b: "2" }), { message: "Cannot bind t_x: labels must be a, got a, b" });
    assert.throws(() => bind({ a: 1 }), { name: "TypeError", message: /label 'a' must be a text, got 1/ });
    assert.throws(() => bind({ a: "x".repeat(1025) }), {
      name: "RangeError",
      message: /1024 characters, got 1025/,
    });
  });

  test("refuses amounts that would spoil a total, which stands", () => {
    const registry = new MetricsRegistry();
    const counter = registry.counter({ name: "t_total", help }).bind();
    const histogram = registry.histogram({ name: "t_seconds", help }).bind();
    counter.inc(4);
    for (const amount of [-1, NaN, Infinity]) {
      assert.throws(() => counter.inc(amount), { name: "RangeError" });
      assert.throws(() => counter.setTotal(amount), { name: "RangeError" });
    }
    for (const value of [NaN, Infinity])
      assert.throws(() => histogram.observe(value), { name: "RangeError" });
    assert.deepEqual([counter.value, histogram.count, histogram.sum], [4, 0, 0]);
  });

  test("reports and counts a collector that throws, and runs the others", () => {
    const reported: unknown[] = [];
    const failure = new Error("no /proc");
    const registry = new MetricsRegistry({ onError: (error, collector) => reported.push(collector, error) });
    const gauge = registry.gauge({ name: "t_x", help }).bind();
    const fail = (): never => {
      throw failure;
    };
    registry.addCollector({ name: "broken", collect: fail });
    const remove = registry.addCollector({ collect: () => gauge.inc() });
    assert.deepEqual(valuesOf(registry), { t_x: 1 });
    remove();
    assert.deepEqual(valuesOf(registry), { t_x: 1 });
    assert.deepEqual(reported, ["broken", failure, "broken", failure]);
    const errors = registry.samples().find(({ name }) => name === "demi_collector_errors_total");
    assert.deepEqual([errors?.labels, errors?.value], [{ collector: "broken" }, 2]);
  });

  test("survives an onError that throws", () => {
    const registry = new MetricsRegistry({
      onError: () => {
        throw new Error("expected by the test");
      },
    });
    registry.reportError("x", new Error("y"));
    assert.equal(registry.collect().length, 1);
  });

  test("has a catalogue of everything registered", () => {
    const registry = new MetricsRegistry();
    registry.histogram({ name: "t_seconds", help, labels: ["b", "a"], buckets: [1, 2] });
    assert.deepEqual(registry.catalogue()[1], {
      name: "t_seconds",
      type: "histogram",
      help,
      labels: ["a", "b"],
      maxSeries: 1000,
      buckets: [1, 2],
    });
  });
});

suite("exponentialBuckets()", () => {
  test("refuses what makes no ascending buckets", () => {
    for (const [start, factor, count] of [
      [0, 2, 3],
      [1, 1, 3],
      [1, 2, 0],
    ] as const) {
      assert.throws(() => exponentialBuckets(start, factor, count), { name: "RangeError" });
    }
  });
});
