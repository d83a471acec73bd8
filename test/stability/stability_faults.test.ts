import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { describeFault, planFaults, type StabilityFault } from "../../lib/stability/stability_faults.ts";

const HOUR_MS = 3_600_000;

suite("planFaults()", () => {
  test("faults come at their hours, in the order of time", () => {
    const faults: readonly StabilityFault[] = [
      { kind: "crash", atHours: [30, 2] },
      { kind: "outage", target: "discord", minutes: 5, atHours: 10 },
    ];
    const planned = planFaults(faults, 48 * HOUR_MS, 1);
    assert.deepEqual(
      planned.map(({ sequence, atMs, fault }) => [sequence, atMs / HOUR_MS, fault.kind]),
      [
        [0, 2, "crash"],
        [1, 10, "outage"],
        [2, 30, "crash"],
      ],
    );
    assert.equal(describeFault(planned[1]!.fault), "Discord is down for 5 min");
  });

  test("so often a day: the same moments for one seed, others for another", () => {
    const faults: readonly StabilityFault[] = [{ kind: "restart", timesPerDay: 3 }];
    const moments = (seed: number): number[] =>
      planFaults(faults, 168 * HOUR_MS, seed).map(({ atMs }) => atMs);
    assert.deepEqual(moments(7), moments(7));
    assert.notDeepEqual(moments(7), moments(8));
    assert.equal(moments(7).length, 21);
  });

  test("one at a time, with a pause; what would not end within the run is left out", () => {
    const outage = { kind: "outage", target: "discord", minutes: 60 } as const;
    const faults: readonly StabilityFault[] = [
      { ...outage, atHours: [1, 1.5, 23.5] },
      { kind: "crash", atHours: 1.2 },
    ];
    const planned = planFaults(faults, 24 * HOUR_MS, 1);
    assert.equal(planned.length, 3);
    for (const [index, { atMs }] of planned.entries()) {
      const before = planned[index - 1];
      if (before) assert.ok(atMs >= before.atMs + before.durationMs + 600_000);
    }
  });

  test("refuses what is no time", () => {
    const wrong: readonly (readonly [StabilityFault, RegExp])[] = [
      [{ kind: "crash", atHours: -1 }, /'faults\[0\]\.atHours' must be >= 0/],
      [{ kind: "crash", timesPerDay: 0 }, /'faults\[0\]\.timesPerDay' must be > 0/],
      [{ kind: "outage", target: "llm", minutes: NaN, atHours: 1 }, /minutes of outage' must be/],
    ];
    for (const [fault, message] of wrong) {
      assert.throws(() => planFaults([fault], HOUR_MS * 24, 1), { name: "RangeError", message });
    }
  });
});
