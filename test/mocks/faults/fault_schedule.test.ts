import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { SeededRandom } from "../../../lib/base/random.ts";
import { VirtualClock } from "../../../lib/base/virtual_clock.ts";
import { FaultInjector } from "../../../lib/mocks/faults/fault_injector.ts";
import { FaultLog } from "../../../lib/mocks/faults/fault_log.ts";
import { type FaultSchedule, ScheduledFault } from "../../../lib/mocks/faults/fault_schedule.ts";

function pattern(schedule: FaultSchedule, occasions: number): string {
  const fault = new ScheduledFault(schedule, new VirtualClock(), new SeededRandom("schedule"));
  return Array.from({ length: occasions }, () => (fault.occasion() ? "x" : ".")).join("");
}

suite("ScheduledFault", () => {
  for (const [schedule, expected] of [
    [{}, "xxxxxxxx"],
    [{ times: 1 }, "x......."],
    [{ times: 2, skip: 3 }, "...xx..."],
    [{ every: 3 }, "x..x..x."],
    [{ every: 2, skip: 1, times: 2 }, ".x.x...."],
    [{ probability: 0 }, "........"],
  ] as const) {
    test(`${JSON.stringify(schedule)} strikes ${expected}`, () =>
      assert.equal(pattern(schedule, 8), expected));
  }

  test("windows are spans of the clock since it was injected", async () => {
    const clock = new VirtualClock();
    await clock.advance(5000);
    const windows = [
      { fromMs: 10, toMs: 20 },
      { fromMs: 30, toMs: 40 },
    ];
    const fault = new ScheduledFault({ windows }, clock, new SeededRandom(1));
    let seen = "";
    for (let ms = 0; ms < 50; ms += 5) {
      seen += fault.occasion() ? "x" : ".";
      await clock.advance(5);
    }
    assert.equal(seen, "..xx..xx..");
  });

  test("bursts: the share of bad occasions is toBad / (toBad + toGood), their mean length 1 / toGood", () => {
    // stationary distribution of a two-state Markov chain, and the mean of a geometric distribution
    const seen = pattern({ bursts: { toBad: 0.02, toGood: 0.2 } }, 100_000);
    const bad = seen.split("x").length - 1;
    const bursts = seen.split(/\.+/).filter(Boolean);
    assert.ok(Math.abs(bad / seen.length - 0.02 / 0.22) < 0.005, String(bad));
    assert.ok(Math.abs(bad / bursts.length - 5) < 0.25, String(bad / bursts.length));
  });

  test("what is drawn does not depend on the time", async () => {
    const clock = new VirtualClock();
    const make = (): ScheduledFault =>
      new ScheduledFault(
        { probability: 0.5, windows: [{ fromMs: 0, toMs: 10 }] },
        clock,
        new SeededRandom(9),
      );
    const first = make();
    const before = Array.from({ length: 8 }, () => first.occasion());
    const late = make();
    await clock.advance(1e6);
    assert.deepEqual(
      Array.from({ length: 4 }, () => late.occasion()),
      [false, false, false, false],
    );
    const again = new ScheduledFault({ probability: 0.5 }, clock, new SeededRandom(9));
    assert.deepEqual(
      Array.from({ length: 8 }, () => again.occasion()),
      before,
    );
  });
});

interface Kind {
  readonly kind: "a" | "b";
}
const isA = (fault: Kind): fault is Kind & { kind: "a" } => fault.kind === "a";

suite("FaultInjector and FaultLog", () => {
  test("strikes only where the occasion is one for the fault, and ends when it is disposed", () => {
    const log = new FaultLog();
    const options = { source: "mock", clock: new VirtualClock(), random: new SeededRandom(1), log };
    const faults = new FaultInjector<Kind>(options);
    const other = faults.inject({ kind: "b" });
    const fault = faults.inject({ kind: "a" }, { times: 2 });
    assert.deepEqual([faults.strike(isA)?.kind, fault.strikes, other.strikes], ["a", 1, 0]);
    assert.equal(faults.strike(isA)?.kind, "a");
    assert.equal(fault.isOver, true);
    assert.equal(faults.strike(isA), undefined);
    other[Symbol.dispose]();
    assert.equal(faults.isArmed, false);
    assert.deepEqual(
      [...log].map(({ kind, sequence }) => [kind, sequence]),
      [
        ["a", 0],
        ["a", 1],
      ],
    );
  });

  test("the hash is that of what struck, not of the order in which sources came to it", () => {
    const hash = (order: readonly string[]): string => {
      const log = new FaultLog({ capacity: 1 });
      const sources = new Map(["x", "y"].map((name) => [name, log.source(name)]));
      for (const [index, name] of order.entries())
        sources.get(name)!.record("cut", name === "x" ? "1" : `${index % 1}`);
      return log.hash;
    };
    assert.equal(hash(["x", "y", "x"]), hash(["y", "x", "x"]));
    assert.notEqual(hash(["x", "y"]), hash(["x", "x"]));
    assert.equal(hash([]), "0".repeat(64));
  });
});
