import { suite, test } from "node:test";
import assert from "node:assert/strict";
import type { AlertState } from "../../lib/alerts/alert.ts";
import { type AlertInput, type AlertProgress, INACTIVE, stepAlert } from "../../lib/alerts/step_alert.ts";

type Condition = AlertInput["condition"];
/** At a second, what the rule says, the state that must follow, and "notice" if people must be told. */
type Row = readonly [second: number, condition: Condition, state: AlertState, notice?: "notice"];

const TIMES = { forMs: 10_000, keepFiringMs: 0, cooldownMs: 0, noDataMs: 300_000, resolvedMs: 3_600_000 };

const SCENARIOS: Readonly<Record<string, { times?: Partial<typeof TIMES>; rows: readonly Row[] }>> = {
  "fires when its condition has held for long enough, and resolves when it is gone": {
    rows: [
      [0, "clear", "inactive"],
      [5, "met", "pending"],
      [14, "met", "pending"],
      [15, "met", "firing", "notice"],
      [20, "met", "firing"],
      [25, "clear", "resolved", "notice"],
      [3624, "clear", "resolved"],
      [3625, "clear", "inactive"],
    ],
  },
  "fires at once without a for-duration": {
    times: { forMs: 0 },
    rows: [
      [0, "met", "firing", "notice"],
      [1, "clear", "resolved", "notice"],
      [2, "met", "firing", "notice"],
    ],
  },
  "forgets pending when the condition is gone": {
    rows: [
      [0, "met", "pending"],
      [9, "clear", "inactive"],
      [10, "met", "pending"],
      [19, "met", "pending"],
      [20, "met", "firing", "notice"],
    ],
  },
  "forgets pending without data, as Prometheus does": {
    rows: [
      [0, "met", "pending"],
      [9, "absent", "inactive"],
      [10, "met", "pending"],
    ],
  },
  "keeps firing between the two thresholds, and does not begin there": {
    rows: [
      [0, "between", "inactive"],
      [1, "met", "pending"],
      [2, "between", "inactive"],
      [3, "met", "pending"],
      [13, "met", "firing", "notice"],
      [14, "between", "firing"],
      [15, "met", "firing"],
      [16, "clear", "resolved", "notice"],
      [17, "between", "resolved"],
    ],
  },
  "recovers only when the condition is gone for long enough": {
    times: { keepFiringMs: 30_000 },
    rows: [
      [0, "met", "pending"],
      [10, "met", "firing", "notice"],
      [20, "clear", "recovering"],
      [30, "met", "firing"],
      [40, "clear", "recovering"],
      [50, "between", "recovering"],
      [69, "clear", "recovering"],
      [70, "clear", "resolved", "notice"],
    ],
  },
  "is held without data, and resolves only after a while": {
    rows: [
      [0, "met", "pending"],
      [10, "met", "firing", "notice"],
      [20, "absent", "no-data"],
      [200, "absent", "no-data"],
      [210, "met", "firing"],
      [220, "absent", "no-data"],
      [519, "absent", "no-data"],
      [520, "absent", "resolved", "notice"],
    ],
  },
  "resolves when data comes back without the condition": {
    rows: [
      [0, "met", "pending"],
      [10, "met", "firing", "notice"],
      [20, "absent", "no-data"],
      [30, "clear", "resolved", "notice"],
    ],
  },
  "goes on recovering when data comes back in the middle of it": {
    times: { keepFiringMs: 60_000 },
    rows: [
      [0, "met", "pending"],
      [10, "met", "firing", "notice"],
      [20, "clear", "recovering"],
      [30, "absent", "no-data"],
      [40, "clear", "recovering"],
      [80, "clear", "resolved", "notice"],
    ],
  },
  "is frozen by an error": {
    rows: [
      [0, "error", "inactive"],
      [1, "met", "pending"],
      [5, "error", "error"],
      [6, "error", "error"],
      [7, "met", "pending"],
      [11, "met", "firing", "notice"],
      [12, "error", "error"],
      [9000, "error", "error"],
      [9001, "met", "firing"],
      [9002, "absent", "no-data"],
      [9003, "error", "error"],
      [9004, "absent", "no-data"],
      [9005, "error", "error"],
      [9006, "clear", "resolved", "notice"],
    ],
  },
  "is not told of again within the cooldown, though it fires": {
    times: { forMs: 0, cooldownMs: 600_000 },
    rows: [
      [0, "met", "firing", "notice"],
      [10, "clear", "resolved", "notice"],
      [20, "met", "firing"],
      [30, "clear", "resolved"],
      [600, "met", "firing"],
      [609, "met", "firing"],
      [610, "met", "firing", "notice"], // 600 s after the resolve at 10 that people were told of
      [611, "met", "firing"],
      [612, "clear", "resolved", "notice"],
      [613, "met", "firing"],
    ],
  },
  "does not fire for a clock that was set back, and does not wait for it to be as late again": {
    rows: [
      [100_000, "met", "pending"],
      [50, "met", "pending"],
      [59, "met", "pending"],
      [60, "met", "firing", "notice"],
    ],
  },
  "has no cooldown that is longer than itself, wherever the clock was when it began": {
    times: { forMs: 0, cooldownMs: 600_000 },
    rows: [
      [100_000, "met", "firing", "notice"],
      [100_001, "clear", "resolved", "notice"],
      [50, "met", "firing", "notice"],
    ],
  },
};

suite("stepAlert()", () => {
  for (const [name, { times, rows }] of Object.entries(SCENARIOS)) {
    test(name, () => {
      let progress: AlertProgress = INACTIVE;
      for (const [second, condition, state, notice] of rows) {
        const step = stepAlert(progress, { ...TIMES, ...times, condition }, second * 1000);
        assert.deepEqual(
          { second, state: step.progress.state, notice: step.notify },
          { second, state, notice: notice === "notice" },
        );
        progress = step.progress;
      }
    });
  }

  test("100 toggles in a minute make two notices, and the last state is told", () => {
    const input = { ...TIMES, forMs: 0, cooldownMs: 300_000 };
    let progress: AlertProgress = INACTIVE;
    const notices: string[] = [];
    for (let i = 0; i <= 1000; i++) {
      const condition = i < 100 && i % 2 === 1 ? "clear" : "met";
      const step = stepAlert(progress, { ...input, condition }, i * 600);
      progress = step.progress;
      if (step.notify) notices.push(progress.state);
    }
    assert.deepEqual(notices, ["firing", "resolved", "firing"]);
  });
});
