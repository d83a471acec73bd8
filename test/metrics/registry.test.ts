import { suite, test } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import { CardinalityError } from "../../lib/metrics/family.ts";
import { exponentialBuckets } from "../../lib/metrics/histogram.ts";
import { formatOpenMetricsText } from "../../lib/metrics/open_metrics_text.ts";
import { MetricsRegistry } from "../../lib/metrics/registry.ts";
import type { MetricSample } from "../../lib/metrics/sample.ts";

const help = "For a test";

/** Value by sample key, of the samples whose metric begins with `t_`. */
function valuesOf(registry: MetricsRegistry): Record<string, number> {
  const own = registry.collect().filter(({ name }) => name.startsWith("t_"));
  return Object.fromEntries(own.map(({ key, value }) => [key, value]));
}

suite("Histogram", () => {
  test("counts each value in the first bucket whose bound is not below it, whatever the bounds are", () => {
    const bound = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.integer({ min: 1, max: 50 }).map((n) => n / 10),
    );
    const bounds = fc.uniqueArray(bound, { minLength: 1, maxLength: 40, comparator: (a, b) => a === b });
    const values = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { maxLength: 20 });
    fc.assert(
      fc.property(bounds, values, (unsorted, given) => {
        const buckets = unsorted.map((each) => each + 0).sort((a, b) => a - b); // -0 is 0
        const near = buckets.flatMap((each) => [
          each,
          each * (1 - 2 ** -52),
          each * (1 + 2 ** -52),
          0.999 * each,
        ]);
        const all = [...given, ...near].filter(Number.isFinite);
        const histogram = new MetricsRegistry().histogram({ name: "t_sizes", help, buckets }).bind();
        for (const value of all) histogram.observe(value);
        const samples: MetricSample[] = [];
        histogram.appendSamples(samples);
        const counted = samples.slice(0, buckets.length + 1).map(({ value }) => value);
        const expected = [...buckets, Infinity].map((most) => all.filter((value) => value <= most).length);
        assert.deepEqual(counted, expected);
      }),
      { numRuns: 500 },
    );
  });
});

suite("exemplars", () => {
  test("are the last of a bucket and of a counter; one that is none leaves all as it was", () => {
    const registry = new MetricsRegistry();
    const histogram = registry.histogram({ name: "t_seconds", help, buckets: [1, 2] }).bind();
    histogram.observe(0.5, { labels: { trace_id: "a" } });
    histogram.observe(0.7, { labels: { trace_id: "b" }, timestamp: 1500 });
    histogram.observe(9);
    const counter = registry.counter({ name: "t_replies_total", help }).bind();
    counter.inc(2, { labels: { trace_id: "c" } });
    counter.inc();
    const own = formatOpenMetricsText(registry)
      .split("\n")
      .filter((line) => line.startsWith("t_"));
    assert.deepEqual(own, [
      't_seconds_bucket{le="1.0"} 2 # {trace_id="b"} 0.7 1.5',
      't_seconds_bucket{le="2.0"} 2',
      't_seconds_bucket{le="+Inf"} 3',
      "t_seconds_sum 10.2",
      "t_seconds_count 3",
      't_replies_total 3 # {trace_id="c"} 2',
    ]);
    const long = { labels: { trace_id: "x".repeat(121) } };
    assert.throws(() => counter.inc(1, long), {
      name: "RangeError",
      message:
        "Cannot keep exemplar of t_replies_total: 'labels' must have at most 128 characters in all, got 129",
    });
    assert.throws(() => histogram.observe(0.1, { labels: { "trace-id": "a" } }), TypeError);
    assert.throws(() => histogram.observe(0.1, { labels: { a: 7 as never } }), TypeError);
    assert.throws(() => histogram.observe(0.1, { labels: {}, timestamp: NaN }), RangeError);
    assert.deepEqual([counter.value, histogram.count], [3, 3]);
  });
});

suite("MetricFamily.keyedBy()", () => {
  const replies = { name: "t_replies_total", help, labels: ["platform", "kind"], maxSeries: 3 } as const;

  test("gives the handles that bind() gives, in the order of labels that was said", () => {
    const registry = new MetricsRegistry();
    const family = registry.counter(replies);
    const keyed = family.keyedBy("platform", "kind");
    keyed.get("discord", "text").inc();
    assert.equal(keyed.get("discord", "text"), family.bind({ kind: "text", platform: "discord" }));
    assert.equal(keyed.get("discord", "text"), family.keyedBy("kind", "platform").get("text", "discord"));
    keyed.get("text", "discord").inc(2);
    assert.deepEqual(valuesOf(registry), {
      't_replies_total{kind="text",platform="discord"}': 1,
      't_replies_total{kind="discord",platform="text"}': 2,
    });
    const single = registry.gauge({ name: "t_up", help, labels: ["platform"] });
    assert.equal(single.keyedBy("platform").get("voice"), single.bind({ platform: "voice" }));
    const many = registry.gauge({ name: "t_many", help, labels: ["a", "b", "c", "d", "e"] });
    const found = many.keyedBy("e", "d", "c", "b", "a").get("5", "4", "3", "2", "1");
    assert.equal(found, many.bind({ a: "1", b: "2", c: "3", d: "4", e: "5" }));
    assert.equal(many.keyedBy("e", "d", "c", "b", "a").get("5", "4", "3", "2", "1"), found);
  });

  test("a series that was dropped is bound anew", () => {
    const registry = new MetricsRegistry();
    const family = registry.counter(replies);
    const keyed = family.keyedBy("platform", "kind");
    keyed.get("discord", "text").inc(5);
    family.remove({ platform: "discord", kind: "text" });
    keyed.get("discord", "text").inc();
    assert.deepEqual(Object.values(valuesOf(registry)), [1]);
    family.clear();
    keyed.get("discord", "text").inc(2);
    assert.deepEqual(Object.values(valuesOf(registry)), [2]);
  });

  test("refuses other labels, values that are no text, and one series too many", () => {
    const family = new MetricsRegistry().counter(replies);
    assert.throws(() => family.keyedBy("platform"), {
      name: "TypeError",
      message: "Cannot key t_replies_total: labels must be kind, platform, got platform",
    });
    const keyed = family.keyedBy("platform", "kind");
    assert.throws(() => keyed.get("discord", 7 as never), TypeError);
    assert.throws(() => (keyed.get as (platform: string) => unknown)("discord"), TypeError);
    for (const kind of ["a", "b", "c"]) keyed.get("discord", kind);
    assert.throws(() => keyed.get("discord", "d"), CardinalityError);
    keyed.get("discord", "c").inc();
  });
});

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
      unit: "seconds",
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
