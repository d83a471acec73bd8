import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { AlertEngine } from "../../lib/alerts/alert_engine.ts";
import type { AlertRule } from "../../lib/alerts/alert_rule.ts";
import { VirtualClock } from "../../lib/base/virtual_clock.ts";
import { SeriesReader } from "./_series_reader.ts";

const SLOW: AlertRule = {
  name: "slow",
  level: "warning",
  condition: { metric: "m", fn: "last", windowMs: 5000, op: ">", threshold: 2 },
  forMs: 10_000,
  keepFiringMs: 10_000,
  cooldownMs: 60_000,
  message: "m is {{value}}",
};

/** An engine at a second, on the samples of one before it, going on from that one's state. */
function engineAt(second: number, reader: SeriesReader, state?: unknown): AlertEngine {
  const engine = new AlertEngine({
    reader,
    rules: [SLOW],
    clock: new VirtualClock({ startMs: second * 1000 }),
  });
  if (state !== undefined) engine.restore(JSON.parse(JSON.stringify(state)));
  return engine;
}

function look(engine: AlertEngine, reader: SeriesReader, second: number, value?: number): string | undefined {
  if (value !== undefined) reader.put(second * 1000, { m: value });
  const notices = engine.evaluate(second * 1000).filter(({ notify }) => notify);
  return (engine.alerts[0]?.state ?? "inactive") + (notices.length > 0 ? "!" : "");
}

suite("AlertEngine.restore()", () => {
  test("goes on with pending, the time off not counted", () => {
    const reader = new SeriesReader();
    const before = engineAt(0, reader);
    look(before, reader, 0, 3);
    assert.equal(look(before, reader, 6, 3), "pending");
    const after = engineAt(1000, reader, before);
    assert.equal(look(after, reader, 1000), "pending"); // nothing was measured yet
    assert.equal(look(after, reader, 1002, 3), "pending");
    assert.equal(look(after, reader, 1005, 3), "pending");
    assert.equal(look(after, reader, 1006, 3), "firing!"); // 6 s before and 4 s after
  });

  test("keeps firing without telling again, and resolves", () => {
    const reader = new SeriesReader();
    const before = engineAt(0, reader);
    look(before, reader, 0, 3);
    assert.equal(look(before, reader, 10, 3), "firing!");
    const after = engineAt(500, reader, before);
    assert.equal(look(after, reader, 501), "firing");
    assert.equal(look(after, reader, 502, 3), "firing");
    assert.equal(after.alerts[0]?.firedAt, 10_000);
    assert.equal(look(after, reader, 503, 1), "recovering");
    const third = engineAt(900, reader, after);
    assert.equal(look(third, reader, 900, 1), "recovering");
    assert.equal(look(third, reader, 909, 1), "recovering");
    assert.equal(look(third, reader, 910, 1), "resolved!");
  });

  test("does not lose time by a second kill before anything was measured", () => {
    const reader = new SeriesReader();
    const first = engineAt(0, reader);
    look(first, reader, 0, 3);
    look(first, reader, 6, 3);
    const second = engineAt(100, reader, first);
    look(second, reader, 110);
    const third = engineAt(200, reader, second);
    assert.equal(look(third, reader, 203, 3), "pending");
    assert.equal(look(third, reader, 206, 3), "pending");
    assert.equal(look(third, reader, 207, 3), "firing!");
  });

  test("gives up a restored alert whose data does not come back", () => {
    const reader = new SeriesReader();
    const before = engineAt(0, reader);
    look(before, reader, 0, 3);
    look(before, reader, 10, 3);
    const after = engineAt(100, reader, before);
    assert.equal(look(after, reader, 159), "firing");
    assert.equal(look(after, reader, 160), "no-data");
    assert.equal(look(after, reader, 460), "resolved!");
  });

  test("keeps the cooldown, the time off counted", () => {
    const reader = new SeriesReader();
    const before = engineAt(0, reader);
    look(before, reader, 0, 3);
    look(before, reader, 10, 3);
    look(before, reader, 11, 1);
    assert.equal(look(before, reader, 21, 1), "resolved!");
    const after = engineAt(40, reader, before);
    look(after, reader, 40, 3);
    assert.equal(look(after, reader, 50, 3), "firing");
    assert.equal(look(after, reader, 80, 3), "firing");
    assert.equal(look(after, reader, 81, 3), "firing!"); // 60 s after it resolved
  });

  test("drops alerts of rules that are gone", () => {
    const reader = new SeriesReader();
    const before = engineAt(0, reader);
    look(before, reader, 0, 3);
    const after = new AlertEngine({ reader, rules: [{ ...SLOW, name: "other" }] });
    after.restore(before.toJSON());
    assert.deepEqual(after.alerts, []);
  });

  test("refuses what is no state, and stands", () => {
    const reader = new SeriesReader();
    const engine = engineAt(0, reader);
    look(engine, reader, 0, 3);
    const good = JSON.stringify(engine);
    for (const [spoil, where] of [
      [/"version":1/, "version"],
      [/"state":"pending"/, "alerts\\[0\\].progress.state"],
      [/"activeAt":0/, "alerts\\[0\\].progress.activeAt"],
      [/"labels":\{\}/, "alerts\\[0\\].labels"],
      [/"notified":false/, "alerts\\[0\\].progress.notified"],
    ] as const) {
      const bad = JSON.parse(good.replace(spoil, (field) => `${field.split(":")[0]}:"oops"`));
      assert.throws(() => engine.restore(bad), {
        name: "TypeError",
        message: new RegExp(`'${where}' must be`),
      });
    }
    for (const bad of [null, undefined, 7, "x", [], {}])
      assert.throws(() => engine.restore(bad), { name: "TypeError" });
    assert.equal(engine.alerts[0]?.state, "pending");
  });
});
