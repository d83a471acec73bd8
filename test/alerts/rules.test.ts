import { readFile } from "node:fs/promises";
import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { AlertEngine } from "../../lib/alerts/alert_engine.ts";
import { defaultAlertRules } from "../../lib/alerts/default_rules.ts";
import { parseAlertRule } from "../../lib/alerts/parse_alert_rule.ts";
import { VirtualClock } from "../../lib/base/virtual_clock.ts";
import { MetricsStore } from "../../lib/store/metrics_store.ts";
import { SeriesReader } from "./_series_reader.ts";

const RULE = {
  name: "slow",
  level: "warning",
  condition: { metric: "m", fn: "last", windowMs: 5000, op: ">", threshold: 2 },
  forMs: 0,
  cooldownMs: 0,
  message: "m is {{value}}",
};
const condition = RULE.condition;
const ANY = { any: [condition, condition] };

suite("parseAlertRule()", () => {
  for (const [change, message] of [
    [{ name: "no spaces" }, /'name' must be a name that matches .*, got "no spaces"/],
    [{ level: "panic" }, /rule slow: 'level' must be info, warning or critical, got "panic"/],
    [{ forMs: -1 }, /'forMs' must be a finite number >= 0, got -1/],
    [{ forMs: undefined }, /'forMs' must be a finite number >= 0, got undefined/],
    [{ cooldownMs: Infinity }, /'cooldownMs' must be a finite number >= 0, got Infinity/],
    [{ keepFiringMs: NaN }, /'keepFiringMs' must be a finite number >= 0, got NaN/],
    [{ message: "" }, /'message' must be a sentence/],
    [{ message: "m is {{value" }, /'message' must be a text whose placeholders read \{\{value\}\}/],
    [{ message: "m is {{a b}}" }, /'message' must be a text whose placeholders/],
    [{ for: 3 }, /'for' must be one of name, level/],
    [{ condition: 3 }, /'condition' must be an object, got 3/],
    [{ condition: { ...condition, metric: "a-b" } }, /'condition.metric' must be a name that matches/],
    [
      { condition: { ...condition, fn: "median" } },
      /'condition.fn' must be one of last, avg, min, .*, got "median"/,
    ],
    [{ condition: { ...condition, op: "=" } }, /'condition.op' must be one of >, >=, <, <=, ==, !=, got "="/],
    [{ condition: { ...condition, windowMs: 0 } }, /'condition.windowMs' must be a finite number > 0, got 0/],
    [
      { condition: { ...condition, threshold: "2" } },
      /'condition.threshold' must be a finite number, got "2"/,
    ],
    [{ condition: { ...condition, labels: { a: 1 } } }, /'condition.labels' must be texts by name/],
    [{ condition: { any: [] } }, /'condition.any' must be a list of conditions/],
    [{ condition: { any: [condition, { ...condition, fn: "x" }] } }, /'condition.any\[1\].fn' must be/],
    [{ clear: 3 }, /'clear' must be <= the threshold 2, got 3/],
    [{ clear: 1, condition: { ...condition, op: "<" } }, /'clear' must be >= the threshold 2, got 1/],
    [
      { clear: 1, condition: ANY },
      /'clear' must be absent unless there is one condition with an order, got 1/,
    ],
    [{ clear: 2, condition: { ...condition, op: "==" } }, /'clear' must be absent unless/],
  ] as const) {
    test(`refuses ${JSON.stringify(change)}`, () => {
      assert.throws(() => parseAlertRule({ ...RULE, ...change }), { name: "TypeError", message });
    });
  }

  test("takes a rule of JSON as it is", () => {
    const rule = JSON.parse(JSON.stringify({ ...RULE, clear: 1, keepFiringMs: 5, runbook: "#slow" }));
    assert.equal(parseAlertRule(rule), rule);
  });
});

const NAMES = ["loneliness", "frustration", "affection"];
const HEALTHY: Readonly<Record<string, number>> = {
  demi_memory_usage_ratio: 0.4,
  process_resident_memory_bytes: 2e9,
  'demi_memory_leak_per_hour_bytes{series="postGc"}': 0,
  'demi_memory_leak_per_hour_bytes{series="rss"}': 0,
  'demi_memory_time_to_limit_seconds{limit="V8 heap"}': 365 * 86_400,
  'demi_memory_time_to_limit_seconds{limit="8 GB"}': 365 * 86_400,
  'demi_memory_time_to_limit_seconds{limit="10 GB"}': 365 * 86_400,
  demi_cpu_usage_ratio: 0.1,
  demi_response_time_p90_seconds: 1,
  'demi_platform_up{platform="discord"}': 1,
  'demi_platform_up{platform="android"}': 1,
  ...Object.fromEntries(NAMES.map((emotion) => [`demi_emotion{emotion="${emotion}"}`, 0.5])),
  ...Object.fromEntries(NAMES.map((emotion) => [`demi_emotion_out_of_bounds{emotion="${emotion}"}`, 0])),
};

/** Second by second: healthy but for what `change` says; returns when each alert began to fire. */
function simulate(
  seconds: number,
  change: (second: number) => Readonly<Record<string, number>>,
): Map<string, number> {
  const reader = new SeriesReader();
  const engine = new AlertEngine({ reader });
  const fired = new Map<string, number>();
  engine.subscribe(({ alert, previous }) => {
    if (alert.state === "firing" && previous !== "error") fired.set(alert.id, (alert.firedAt ?? NaN) / 1000);
  });
  for (let second = 0; second <= seconds; second++) {
    reader.put(second * 1000, { ...HEALTHY, ...change(second) });
    engine.evaluate(second * 1000);
  }
  return fired;
}

/** What people are told, of looks 5 s apart at what is healthy but for what `change` says. */
async function planted(
  change: (second: number) => Readonly<Record<string, number>>,
  seconds: number,
): Promise<string[]> {
  const clock = new VirtualClock({ startMs: 0 });
  await using store = await MetricsStore.open({ clock });
  const engine = new AlertEngine({ reader: store, clock });
  const notices: string[] = [];
  for (let second = 0; second <= seconds; second += second < 400 ? 1 : 5) {
    store.append(second * 1000, { ...HEALTHY, ...change(second) });
    for (const { alert, notify } of engine.evaluate(second * 1000)) {
      if (notify) notices.push(`${alert.id} ${alert.state}`);
    }
  }
  return notices;
}

suite("defaultAlertRules", () => {
  test("are valid, and no cooldown or level is other than promised", () => {
    assert.deepEqual(
      defaultAlertRules.map(({ name, level, cooldownMs }) => [name, level, cooldownMs / 60_000]),
      [
        ["high_memory_usage", "warning", 10],
        ["critical_memory_usage", "critical", 5],
        ["memory_warning_8gb", "warning", 10],
        ["memory_critical_10gb", "critical", 5],
        ["memory_leak_suspected", "warning", 360],
        ["memory_limit_predicted", "critical", 360],
        ["high_cpu_usage", "warning", 15],
        ["high_response_time_p90", "warning", 10],
        ["platform_unhealthy", "warning", 5],
        ["platform_offline_extended", "critical", 5],
        ["extreme_loneliness", "info", 60],
        ["extreme_frustration", "info", 60],
        ["emotional_anomaly", "warning", 30],
        ["companion_unreadable", "warning", 15],
        ["emotional_state_frozen", "warning", 360],
        ["platform_latency_frozen", "info", 360],
      ],
    );
    for (const rule of defaultAlertRules) assert.equal(parseAlertRule(rule), rule);
  });

  test("have a section of the runbook each, and it has no other", async () => {
    const page = await readFile(new URL("../../lib/alerts/RUNBOOK.md", import.meta.url), "utf8");
    const sections = [...page.matchAll(/^## ([a-z0-9_]+)$/gm)].map(([, name]) => name);
    assert.deepEqual(
      sections,
      defaultAlertRules.map(({ name }) => name),
    );
  });

  test("are silent while all is well, and through a reconnect of two seconds", () => {
    const reconnect = (second: number): Record<string, number> =>
      second === 60 || second === 61 ? { 'demi_platform_up{platform="discord"}': 0 } : {};
    assert.deepEqual([...simulate(120, reconnect)], []);
  });

  // what is planted from second 10 on, the alert that must fire, and its second
  for (const [values, id, second] of [
    [{ demi_memory_usage_ratio: 0.81 }, "high_memory_usage", 70],
    [{ demi_memory_usage_ratio: 0.91 }, "critical_memory_usage", 25],
    [{ process_resident_memory_bytes: 8.1e9 }, "memory_warning_8gb", 70],
    [{ process_resident_memory_bytes: 10.1e9 }, "memory_critical_10gb", 25],
    [
      { 'demi_memory_leak_per_hour_bytes{series="postGc"}': 2e6 },
      'memory_leak_suspected{series="postGc"}',
      310,
    ],
    [
      { 'demi_memory_time_to_limit_seconds{limit="10 GB"}': 6.9 * 86_400 },
      'memory_limit_predicted{limit="10 GB"}',
      310,
    ],
    [
      { 'demi_memory_time_to_limit_seconds{limit="V8 heap"}': 3600 },
      'memory_limit_predicted{limit="V8 heap"}',
      310,
    ],
    [{ demi_response_time_p90_seconds: 6 }, "high_response_time_p90", 40],
    [{ 'demi_platform_up{platform="discord"}': 0 }, 'platform_unhealthy{platform="discord"}', 14],
    [{ 'demi_platform_up{platform="discord"}': 0 }, 'platform_offline_extended{platform="discord"}', 310],
    [{ 'demi_emotion{emotion="loneliness"}': 0.91 }, 'extreme_loneliness{emotion="loneliness"}', 70],
    [{ 'demi_emotion{emotion="frustration"}': 0.91 }, 'extreme_frustration{emotion="frustration"}', 3610],
    [{ 'demi_emotion_change{emotion="affection"}': 0.51 }, 'emotional_anomaly{emotion="affection"}', 10],
    [{ 'demi_emotion_out_of_bounds{emotion="affection"}': 1 }, 'emotional_anomaly{emotion="affection"}', 10],
  ] as const satisfies readonly (readonly [Record<string, number>, string, number])[]) {
    test(`${id} fires for ${JSON.stringify(values)}, once, resolves, and nothing else is said`, async () => {
      const fired = simulate(second + 5, (now) => (now >= 10 ? values : {}));
      assert.equal(fired.get(id), second);
      const notices = await planted((now) => (now >= 10 && now <= second + 5 ? values : {}), second + 2400);
      const before = id.startsWith("platform_offline")
        ? ['platform_unhealthy{platform="discord"} firing']
        : [];
      const after = before.map((notice) => notice.replace("firing", "resolved"));
      assert.deepEqual(notices, [...before, `${id} firing`, ...after, `${id} resolved`]);
    });
  }

  test("a source that cannot be read, an emotional state and a latency that stand still are told once, and over when they move", async () => {
    const errors = 'demi_source_errors_total{source="emotions"}';
    const failing = await planted((now) => ({ [errors]: 2 * Math.max(0, Math.min(now, 200) - 60) }), 900);
    assert.deepEqual(failing, [
      'companion_unreadable{source="emotions"} firing',
      'companion_unreadable{source="emotions"} resolved',
    ]);
    const updated = "demi_emotion_last_updated_timestamp_seconds";
    const messages = 'demi_platform_messages_total{platform="discord"}';
    const living = (stuckAt: number, goesOnAt: number) => (now: number) => ({
      [updated]: now > stuckAt && now < goesOnAt ? stuckAt : now - (now % 60),
      [messages]: Math.floor(now / 120),
    });
    const frozen = ["emotional_state_frozen firing", "emotional_state_frozen resolved"];
    assert.deepEqual(await planted(living(1200, 9000), 12_000), frozen);
    assert.deepEqual(await planted(living(Infinity, 0), 12_000), []);
    // a night without a word
    assert.deepEqual(await planted(() => ({ [updated]: 60, [messages]: 7 }), 40_000), []);
    const latency = 'demi_platform_latency_seconds{platform="discord"}';
    const stuck = (now: number) => ({ [latency]: now > 600 && now < 3000 ? 0.093 : 0.09 + (now % 7) / 1000 });
    const latencies = ["firing", "resolved"].map(
      (state) => `platform_latency_frozen{platform="discord"} ${state}`,
    );
    assert.deepEqual(await planted(stuck, 6000), latencies);
    assert.deepEqual(await planted(() => ({ [latency]: 0.001, demi_platform_errors_total: 0 }), 6000), []);
  });

  test("a leak that wavers for a minute, one that fills 8 GB only, and one that takes longer than a week predict no limit", () => {
    const fired = simulate(900, (now) => ({
      'demi_memory_leak_per_hour_bytes{series="rss"}': now % 300 < 240 ? 2e6 : 0,
      'demi_memory_time_to_limit_seconds{limit="8 GB"}': 86_400,
      'demi_memory_time_to_limit_seconds{limit="10 GB"}': 7.1 * 86_400,
    }));
    assert.deepEqual([...fired], []);
  });

  test("the sentences of the memory rules say what, how much and when", () => {
    const reader = new SeriesReader();
    const engine = new AlertEngine({ reader });
    for (let second = 0; second <= 400; second += 10) {
      reader.put(second * 1000, {
        'demi_memory_leak_per_hour_bytes{series="heapUsed"}': 12.3e6,
        'demi_memory_time_to_limit_seconds{limit="V8 heap"}': 3 * 86_400 + 4 * 3600,
      });
      engine.evaluate(second * 1000);
    }
    assert.deepEqual(engine.alerts.map(({ message }) => message).toSorted(), [
      "Memory leaks so fast that its limit, V8 heap, is reached in 3 d 4 h",
      "Memory leaks: heapUsed grows by 12.3 MB an hour, without an end in sight",
    ]);
  });

  test("high_cpu_usage minds the mean of a minute, and not a burst", () => {
    const busy = (now: number): Record<string, number> => (now >= 100 ? { demi_cpu_usage_ratio: 1 } : {});
    assert.deepEqual([...simulate(130, busy)], []);
    const at = simulate(300, busy).get("high_cpu_usage");
    assert.ok(at !== undefined && at > 200 && at < 225, `${at}`);
  });
});
