import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { VirtualClock } from "../../lib/base/virtual_clock.ts";
import type { AlertRule } from "../../lib/alerts/alert_rule.ts";
import { backtest } from "../../lib/alerts/backtest.ts";
import { MetricsStore } from "../../lib/store/metrics_store.ts";

const MINUTE = 60_000;
const DAY = 1440 * MINUTE;
const rule: AlertRule = {
  name: "hot",
  level: "warning",
  condition: { metric: "t", fn: "last", windowMs: 30_000, op: ">", threshold: 80 },
  forMs: MINUTE,
  cooldownMs: 30 * MINUTE,
  message: "{{room}} has {{value}}",
};

suite("backtest()", () => {
  test("says when a rule would have fired, for how long, and how often people would have been told", async () => {
    const clock = new VirtualClock();
    await using store = await MetricsStore.open({ clock });
    const from = clock.now();
    // hot for ten minutes every hour, and for half a minute in between; in the other room never
    for (let at = 0; at < DAY; at += 15_000) {
      const minute = (at / MINUTE) % 60;
      const value = minute < 10 || (minute >= 30 && minute < 30.5) ? 90 : 20;
      store.append(from + at, { 't{room="cellar"}': value, 't{room="attic"}': 50 });
    }
    const { firings, noticesPerWeek, firingRatio, steps } = backtest(rule, store, { from, to: from + DAY });
    assert.equal(steps, 5761);
    assert.equal(firings.length, 24);
    assert.deepEqual(firings[1], {
      id: 'hot{room="cellar"}',
      labels: { room: "cellar" },
      from: from + 61 * MINUTE,
      to: from + 70 * MINUTE,
      message: "cellar has 90",
      notified: true,
    });
    assert.equal(noticesPerWeek, 24 * 7);
    assert.ok(Math.abs(firingRatio - 9 / 60) < 0.001, String(firingRatio));
    const loud = backtest({ ...rule, cooldownMs: 90 * MINUTE }, store, { from, to: from + DAY });
    assert.equal(loud.firings.filter(({ notified }) => notified).length, 12);
  });

  test("refuses a stretch without an end, and tells of a reader that fails", () => {
    const reader = {
      select: () => {
        throw new Error("no disk");
      },
    };
    assert.throws(() => backtest(rule, reader, { from: 0, to: DAY }), { message: "no disk" });
    assert.throws(() => backtest(rule, reader, { from: DAY, to: 0 }), { name: "RangeError" });
    assert.throws(() => backtest(rule, reader, { from: 0, to: DAY, stepMs: 0 }), { name: "RangeError" });
  });
});
