import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { pocketDemi } from "../../examples/demi/pocket_demi.ts";
import { LeakDetector } from "../../lib/memory/leak_detector.ts";
import type { TimelineLine } from "../../lib/stability/_timeline.ts";
import {
  type ComparableRun,
  compareRuns,
  describeChange,
  type RunComparison,
} from "../../lib/stability/compare_runs.ts";
import { LongRunningStabilityTest } from "../../lib/stability/long_running_stability_test.ts";
import type { StabilityFinding, StabilityResults } from "../../lib/stability/stability_results.ts";
import { type Nature, syntheticRun } from "./_synthetic_run.ts";

function compare(
  before: Nature,
  after: Nature,
  seeds: readonly [string, string] = ["a", "b"],
): RunComparison {
  return compareRuns(syntheticRun(seeds[0], before), syntheticRun(seeds[1], after));
}

function verdictOf(comparison: RunComparison, quantity: string): string | undefined {
  return comparison.quantities.find((each) => each.quantity === quantity)?.verdict;
}

function finding(kind: string, count = 1): StabilityFinding {
  const message = `Something is ${kind}`;
  return { requirement: "HEALTH-01", kind, message, atMs: 0, count, reproduce: "--seed 1 --until 1.000" };
}

const found = (...findings: StabilityFinding[]): Nature => ({ results: { findings } });

suite("compareRuns()", () => {
  test("calls two runs of one companion a regression in at most 1 of 100", () => {
    const outcomes = Array.from(
      { length: 200 },
      (_, pair) => compare({}, {}, [`a${pair}`, `b${pair}`]).outcome,
    );
    assert.deepEqual(new Set(outcomes).has("not-enough-evidence"), false);
    assert.ok(outcomes.filter((outcome) => outcome === "regression").length <= 2);
  });

  test("finds each planted regression, names it, and takes its opposite for better", () => {
    const planted: readonly (readonly [string, Nature])[] = [
      ["p50 of replies", { replyMs: 650 }],
      ["p90 of replies", { tail: 3 }],
      ["messages without a reply", { errorRate: 0.08 }],
      ["heap after collections", { heapBytes: 60e6 }],
      ["recovery after: Discord is down for 10 min", { recoveryMs: 20_000 }],
    ];
    for (const [quantity, nature] of planted) {
      const worse = compare({ hours: 168 }, { hours: 168, ...nature });
      assert.equal(verdictOf(worse, quantity), "worse", quantity);
      assert.equal(worse.outcome, "regression");
      assert.ok(worse.summary.includes(quantity), worse.summary);
      const better = compare({ hours: 168, ...nature }, { hours: 168 });
      assert.equal(verdictOf(better, quantity), "better", quantity);
      assert.equal(better.outcome, "no-regression");
    }
  });

  test("its intervals hold the truth", () => {
    const hits = Array.from({ length: 100 }, (_, pair) => {
      const { quantities } = compareRuns(
        syntheticRun(`a${pair}`),
        syntheticRun(`b${pair}`, { replyMs: 550 }),
        { confidence: 0.9 },
      );
      const { low, high } = quantities.find(({ quantity }) => quantity === "p50 of replies")!.difference!;
      return low <= 50 && high >= 50;
    });
    // busy hours are alike: their neighbours know something of each other, which costs a little
    assert.ok(hits.filter(Boolean).length >= 80, `${hits.filter(Boolean).length} of 100`);
  });

  test("one dead hour is no higher error rate: what is near in time is one event", () => {
    const comparison = compare({}, { deadHours: [20] });
    assert.equal(verdictOf(comparison, "messages without a reply"), "unclear");
    const scattered = compare({}, { errorRate: 0.05 });
    assert.equal(verdictOf(scattered, "messages without a reply"), "worse");
  });

  test("a companion that answers nothing is a regression, however early its run ended", () => {
    const mute = syntheticRun("b", { hours: 2, errorRate: 1, results: { end: "hopeless" } });
    const { outcome, summary } = compareRuns(syntheticRun("a"), mute);
    assert.equal(outcome, "regression");
    assert.match(summary, /messages without a reply: 0 % → 100 %/);
  });

  test("another mood is a change, and no regression", () => {
    const comparison = compare({}, { excitement: 0.75 });
    assert.equal(verdictOf(comparison, "excitement"), "changed");
    assert.equal(comparison.outcome, "no-regression");
  });

  test("too little to tell is told so, with what would have shown", () => {
    const { outcome, summary, quantities } = compare({ hours: 2 }, { hours: 2 });
    assert.equal(outcome, "no-regression");
    assert.match(summary, /a typical reply is slower by \d+ ms at most$/);
    assert.ok(quantities.filter(({ verdict }) => verdict === "unclear").length > 5);
    const none = compare({ hours: 2, perHour: 0 }, { hours: 2, perHour: 0 });
    assert.match(none.summary, /no replies could be compared/);
    assert.equal(verdictOf(none, "messages without a reply"), "unclear");
  });
});

suite("compareRuns(): findings", () => {
  test("with another seed, what came once may be chance, and what came often is not", () => {
    const once = compare({}, found(finding("odd")));
    assert.equal(once.outcome, "not-enough-evidence");
    assert.match(once.summary, /^New, and perhaps by chance: Something is odd\. Two runs with the same seed/);
    assert.equal(compare({}, found(finding("odd", 30))).outcome, "regression");
    assert.equal(compare(found(finding("odd", 28)), found(finding("odd", 30))).outcome, "no-regression");
    assert.equal(compare(found(finding("odd")), {}).outcome, "no-regression");
  });

  test("one seed and one event hash are one course", () => {
    const { isSameCourse, summary } = compare({ eventHash: "abc" }, { eventHash: "abc" }, ["a", "a"]);
    assert.equal(isSameCourse, true);
    assert.match(summary, /^Both went the same way to the last event\. Nothing is worse/);
    assert.equal(compare({ eventHash: "abc" }, { eventHash: "abd" }, ["a", "a"]).isSameCourse, false);
  });

  test("with the same seed in virtual time, what is new is a regression", () => {
    const comparison = compare({}, found(finding("odd")), ["a", "a"]);
    assert.equal(comparison.isPaired, true);
    assert.equal(comparison.outcome, "regression");
    const inEarnest = { time: "system" } as const;
    const real = compare({ results: inEarnest }, { results: { ...inEarnest, findings: [finding("odd")] } }, [
      "a",
      "a",
    ]);
    assert.equal(real.outcome, "not-enough-evidence");
  });

  test("messages without a reply are judged by their share, not by their number", () => {
    assert.equal(compare({}, found(finding("no-reply", 50))).outcome, "not-enough-evidence");
  });

  test("a threshold that breaks and a property that fails are told", () => {
    const results: Partial<StabilityResults> = {
      thresholds: [
        {
          metric: "downtimeRatio",
          max: 0.001,
          requirement: "HEALTH-01",
          outcome: "broken",
          value: 0.002,
          isHopeless: false,
        },
      ],
      properties: [
        {
          name: "it sleeps",
          kind: "sometimes",
          looks: 3,
          hits: 0,
          firstAtMs: undefined,
          details: undefined,
          outcome: "never-reached",
        },
      ],
    };
    const { outcome, findings } = compare({}, { results }, ["a", "a"]);
    assert.equal(outcome, "regression");
    assert.deepEqual(
      findings.map(({ message, verdict }) => [message, verdict]),
      [
        ["downtimeRatio must be at most 0.001, got 0.002", "worse"],
        ['"it sleeps": never-reached', "worse"],
      ],
    );
    assert.equal(compare({ results }, { results }).outcome, "no-regression");
  });

  test("a leak is new where memory grows faster, not where its verdict fell on the other side of the line", () => {
    const leaking = (perHour: number, kinds: readonly string[]): Nature => ({
      hours: 168,
      results: { memory: memoryGrowing(perHour), findings: kinds.map((kind) => finding(kind)) },
    });
    assert.equal(compare(leaking(0, []), leaking(150e3, ["leak"])).outcome, "regression");
    assert.equal(compare(leaking(100e3, []), leaking(101e3, ["leak"]), ["a", "a"]).outcome, "no-regression");
  });
});

function memoryGrowing(bytesPerHour: number): StabilityResults["memory"] {
  const detector = new LeakDetector();
  for (let minute = 0; minute < 168 * 60; minute += 30) {
    const wave = 100e3 * Math.sin(minute);
    detector.add({ timestamp: minute * 60_000, postGcBytes: 44e6 + (bytesPerHour * minute) / 60 + wave });
  }
  return JSON.parse(
    JSON.stringify({ maxRssBytes: 2e8, leak: detector.verdict() }),
  ) as StabilityResults["memory"];
}

suite("compareRuns(): what cannot be compared", () => {
  const refused: readonly (readonly [string, Nature, Nature, RegExp])[] = [
    ["lengths", { hours: 24 }, { hours: 72 }, /they must be about as long, got 1 d and 3 d$/],
    ["time", {}, { results: { time: "system" } }, /their time must be the same, got virtual and system$/],
    [
      "loads",
      {},
      { plan: { phases: [{ name: "run", hours: 72, pattern: "active" }] } },
      /their load must be/,
    ],
    ["faults", {}, { plan: { faults: [{ kind: "crash", atHours: 3 }] } }, /their faults must be/],
    [
      "looks",
      {},
      { plan: { sampleMs: 1000 } },
      /time between two looks must be the same, got 1 min and 1.0 s$/,
    ],
  ];
  for (const [what, before, after, message] of refused) {
    test(`other ${what} are refused with the reason`, () => {
      assert.throws(() => compare(before, after), { name: "IncomparableRunsError", message });
    });
  }

  test("a little longer is not another length, and the plan's own hours do not matter", () => {
    assert.equal(compare({ hours: 72 }, { hours: 80 }).outcome, "no-regression");
  });

  test("options out of range are refused", () => {
    const run = syntheticRun("a", { hours: 1 });
    assert.throws(() => compareRuns(run, run, { confidence: 1 }), /'confidence' must be in \(0, 1\), got 1$/);
    assert.throws(
      () => compareRuns(run, run, { tolerance: NaN }),
      /'tolerance' must be >= 0 and finite, got NaN$/,
    );
  });
});

suite("describeChange()", () => {
  test("says from what, to what, and by how much with its interval", () => {
    const line = describeChange({
      quantity: "p50 of replies",
      unit: "ms",
      before: 528,
      after: 1500,
      difference: { value: 972, low: 840, high: 1100, confidence: 0.999 },
      tolerance: 53,
      verdict: "worse",
    });
    assert.equal(line, "p50 of replies: 528 ms → 1.5 s, +972 ms (+840 ms to +1.1 s)");
  });
});

suite("compareRuns() on pocket Demi", () => {
  async function observe(seed: string, slower = 1): Promise<ComparableRun> {
    const lines: TimelineLine[] = [];
    await using test = new LongRunningStabilityTest({
      companion: pocketDemi,
      durationHours: 1,
      pattern: "active",
      seed,
      onEvent: (line) => void lines.push(line),
      environment: { ollama: { firstTokenMs: 200 * slower, tokensPerSecond: 50 / slower } },
    });
    await test.setup();
    return { results: await test.run(), lines };
  }

  test("two seeds are no regression, and a slower model is one", async () => {
    const [first, second] = [await observe("a"), await observe("b")];
    assert.equal(compareRuns(first, second).outcome, "no-regression");
    assert.equal(compareRuns(second, first).outcome, "no-regression");
    const slower = compareRuns(first, await observe("c", 2));
    assert.equal(slower.outcome, "regression");
    assert.match(slower.summary, /^Worse: p50 of replies/);
  });
});
