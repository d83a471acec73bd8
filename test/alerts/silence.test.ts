import { suite, test } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import { AlertEngine, type AlertEngineOptions } from "../../lib/alerts/alert_engine.ts";
import type { AlertRule } from "../../lib/alerts/alert_rule.ts";
import type { Silence } from "../../lib/alerts/silence.ts";
import { VirtualClock } from "../../lib/base/virtual_clock.ts";
import { SeriesReader } from "./_series_reader.ts";

const MINUTE = 60_000;

function rule(name: string, metric: string, rest: Partial<AlertRule> = {}): AlertRule {
  const condition = { metric, fn: "last", windowMs: MINUTE, op: ">", threshold: 0 } as const;
  return { name, level: "warning", condition, forMs: 0, cooldownMs: 0, message: "{{value}}", ...rest };
}

class Bench {
  readonly clock = new VirtualClock({ startMs: 0 });
  readonly reader = new SeriesReader();
  readonly options: AlertEngineOptions;
  readonly notices: string[] = [];
  /** What a page is told beside changes of state. */
  readonly flags: string[] = [];
  engine: AlertEngine;

  constructor(rules: readonly AlertRule[], options: Partial<AlertEngineOptions> = {}) {
    this.options = { reader: this.reader, clock: this.clock, rules, inhibit: [], ...options };
    this.engine = new AlertEngine(this.options);
  }

  /** Samples of a moment, a look, and what people are told, by then. */
  async look(values: Readonly<Record<string, number>>, afterMs = 10_000): Promise<void> {
    await this.clock.advance(afterMs);
    this.reader.put(this.clock.now(), values);
    for (const { alert, previous, notify } of this.engine.evaluate()) {
      if (alert.state === previous) this.flags.push(`${alert.id} ${alert.silenced ? "silenced" : "told"}`);
      if (notify) this.notices.push(`${alert.id} ${alert.state}${alert.flapping ? " flapping" : ""}`);
    }
  }

  /** As after a kill. */
  restart(): void {
    const saved = JSON.stringify(this.engine);
    this.engine = new AlertEngine(this.options);
    this.engine.restore(JSON.parse(saved));
  }
}

const nameIs = (value: string) => [{ label: "alertname", op: "=", value }] as const;

suite("silences", () => {
  test("nobody is told that it fires while one is in force, all are when it is over, and it is shown all the time", async () => {
    const bench = new Bench([rule("a", "m"), rule("b", "m", { labels: { team: "night" } })]);
    const silence = bench.engine.silence({
      matchers: [{ label: "team", op: "=~", value: "nig.t" }],
      to: 5 * MINUTE,
      comment: "moving house",
    });
    await bench.look({ m: 1 });
    assert.deepEqual(bench.notices, ["a firing"]);
    assert.deepEqual(
      bench.engine.alerts.map(({ id, silenced }) => [id, silenced]),
      [
        ["a", undefined],
        ["b", true],
      ],
    );
    bench.restart(); // a silence survives it
    await bench.look({ m: 1 }, 4 * MINUTE);
    assert.equal(bench.notices.length, 1);
    await bench.look({ m: 1 }, MINUTE);
    assert.deepEqual(bench.notices, ["a firing", "b firing"]);
    bench.engine.silence({ ...silence, id: "again", to: bench.clock.now() + MINUTE });
    await bench.look({ m: 0 });
    assert.deepEqual(bench.notices.slice(2), ["a resolved", "b resolved"]); // whoever was told is told of the end
    assert.deepEqual(bench.flags, ["b silenced", "b told"]);
    assert.ok(bench.engine.unsilence("again"));
    assert.ok(!bench.engine.unsilence("again"));
  });

  test("a maintenance window comes again", async () => {
    const bench = new Bench([rule("a", "m")]);
    const day = 24 * 60 * MINUTE;
    bench.engine.silence({
      matchers: nameIs("a"),
      from: 2 * MINUTE,
      to: 3 * MINUTE,
      repeatMs: day,
      comment: "backup",
    });
    await bench.look({ m: 1 }, day + 2.5 * MINUTE);
    assert.deepEqual(bench.notices, []);
    await bench.look({ m: 1 }, MINUTE);
    assert.deepEqual(bench.notices, ["a firing"]);
  });

  for (const [change, message] of [
    [{ matchers: [] }, /'matchers' must be a list of at least one, got \[\]/],
    [
      { matchers: [{ label: "a", op: "~", value: "" }] },
      /'matchers\[0\].op' must be one of =, !=, =~, !~, got "~"/,
    ],
    [
      { matchers: [{ label: "a", op: "=~", value: "(" }] },
      /'matchers\[0\].value' must be a regular expression/,
    ],
    [{ to: -1 }, /'to' must be a finite number > from, 0, got -1/],
    [{ repeatMs: 5 }, /'repeatMs' must be at least 60000, how long it lasts, got 5/],
  ] as const) {
    test(`refuses ${JSON.stringify(change)}`, () => {
      const { engine } = new Bench([]);
      const silence = { matchers: nameIs("a"), from: 0, to: MINUTE, comment: "", ...change };
      assert.throws(() => engine.silence(silence as unknown as Silence), { name: "TypeError", message });
      assert.deepEqual(engine.silences, []);
    });
  }
});

suite("inhibition", () => {
  const inhibit = [{ source: nameIs("critical"), target: nameIs("minor"), equal: ["p"] }];

  test("a consequence is told to nobody while its cause fires, even if both began at once", async () => {
    const bench = new Bench([rule("minor", "m"), rule("critical", "n")], { inhibit });
    await bench.look({ 'm{p="a"}': 1, 'm{p="b"}': 1, 'n{p="a"}': 1 });
    assert.deepEqual(bench.notices, ['minor{p="b"} firing', 'critical{p="a"} firing']);
    assert.deepEqual(
      bench.engine.alerts.filter(({ inhibited }) => inhibited).map(({ id }) => id),
      ['minor{p="a"}'],
    );
    await bench.look({ 'm{p="a"}': 1, 'm{p="b"}': 1, 'n{p="a"}': 0 });
    assert.deepEqual(bench.notices.slice(2), ['minor{p="a"} firing', 'critical{p="a"} resolved']);
  });

  test("what is cause and consequence is not silenced by its like", async () => {
    const all = [{ label: "severity", op: "=", value: "warning" }] as const;
    const bench = new Bench([rule("a", "m"), rule("b", "m")], { inhibit: [{ source: all, target: all }] });
    await bench.look({ m: 1 });
    assert.deepEqual(bench.notices, ["a firing", "b firing"]);
  });
});

suite("flapping", () => {
  for (const [what, last, end] of [
    ["that ends well", 0, []],
    ["that ends badly", 1, ["a firing flapping"]],
  ] as const) {
    test(`100 toggles in a minute ${what} make two notices, and the end is told`, async () => {
      const bench = new Bench([rule("a", "m")]);
      for (let i = 0; i < 100; i++) await bench.look({ m: i % 2 === 0 ? 1 : 0 }, 600);
      for (let i = 0; i < 100; i++) await bench.look({ m: last });
      assert.deepEqual(bench.notices, ["a firing", "a resolved", ...end]);
    });
  }

  test("for hours is told once, and how it ended once", async () => {
    const bench = new Bench([rule("a", "m", { cooldownMs: 5 * MINUTE })]);
    for (let i = 0; i < 400; i++) await bench.look({ m: i % 2 === 0 ? 1 : 0 }, 30_000);
    for (let i = 0; i < 100; i++) await bench.look({ m: 0 });
    assert.deepEqual(bench.notices, ["a firing", "a resolved", "a firing flapping", "a resolved"]);
    await bench.look({ m: 1 }, 10 * MINUTE);
    assert.equal(bench.notices.at(-1), "a firing");
  });

  test("that becomes slower is the same flapping until it has been quiet for ten minutes", async () => {
    const bench = new Bench([rule("a", "m")]);
    for (let i = 0; i < 20; i++) await bench.look({ m: i % 2 === 0 ? 1 : 0 }, 30_000);
    const told = bench.notices.length;
    for (let i = 0; i < 20; i++) await bench.look({ m: i % 2 === 0 ? 1 : 0 }, 4 * MINUTE);
    assert.deepEqual(bench.notices.slice(told), []);
  });
});

suite("changed rules", () => {
  test("an alert goes on where its rule means the same, and begins anew where not", async () => {
    const rules = [rule("a", "m", { forMs: MINUTE }), rule("b", "m"), rule("c", "m")];
    const bench = new Bench(rules);
    await bench.look({ m: 1 });
    const same = { ...rules[0]!, message: "{{value}} is too much", level: "critical" } as const;
    bench.engine.setRules([same, rule("b", "n"), rule("d", "m")]);
    assert.deepEqual(
      bench.engine.alerts.map(({ id, state, message }) => [id, state, message]),
      [["a", "pending", "1 is too much"]],
    );
    await bench.look({ m: 1 }, MINUTE);
    assert.deepEqual(bench.notices, ["b firing", "c firing", "a firing", "d firing"]);
    assert.throws(() => bench.engine.setRules([same, same]), { name: "TypeError" });
    assert.equal(bench.engine.rules.length, 3);
  });
});

suite("a restart", () => {
  test("at any moment changes no notice", async () => {
    const look = fc.record({
      values: fc.tuple(fc.constantFrom(0, 1, 2), fc.constantFrom(0, 1)),
      afterMs: fc.constantFrom(500, 5000, 40_000, 400_000),
      isKilled: fc.boolean(),
      isSilenced: fc.integer({ min: 0, max: 15 }).map((n) => n === 0),
    });
    const rules = [
      rule("a", "m", { forMs: 20_000, keepFiringMs: 10_000, cooldownMs: 2 * MINUTE }),
      rule("b", "n"),
      rule("c", "m", {
        condition: { metric: "m", fn: "last", windowMs: MINUTE, op: ">", threshold: 1 },
        clear: 0,
      }),
    ];
    const inhibit = [{ source: nameIs("c"), target: nameIs("a") }];
    let notices = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(look, { minLength: 20, maxLength: 80, size: "max" }), async (looks) => {
        const [killed, whole] = [new Bench(rules, { inhibit }), new Bench(rules, { inhibit })];
        for (const {
          values: [m, n],
          afterMs,
          isKilled,
          isSilenced,
        } of looks) {
          for (const bench of [killed, whole]) {
            if (isSilenced) {
              const to = bench.clock.now() + MINUTE;
              bench.engine.silence({ matchers: nameIs("b"), to, comment: "" });
            }
            await bench.look({ m, n }, afterMs);
          }
          if (isKilled) killed.restart();
          // a start looks at once: time in which nobody looks does not count, see restart.test.ts
          for (const bench of [killed, whole]) await bench.look({ m, n }, 1);
          assert.deepEqual(killed.notices, whole.notices);
        }
        notices += whole.notices.length;
      }),
      { numRuns: 60 },
    );
    assert.ok(notices > 500, String(notices));
  });
});
