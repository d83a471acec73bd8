import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { fittedRange } from "../../components/_chart_data.ts";
import { defaultHorizon, foretell, LEAK_COLUMNS, toLeakChart } from "../../components/_leak_chart.ts";
import {
  aboutText,
  describeLeak,
  leakFigures,
  reasonsOf,
  verdictTone,
  verdictWord,
} from "../../components/_leak_text.ts";
import type { FeedMemory, FeedMemorySeries, FeedPoint } from "../../lib/feed/messages.ts";

const HOUR = 3_600_000;
const NOW = Date.UTC(2026, 10, 23, 14);
const LOCALE = "en-US";

function series(changes: Partial<FeedMemorySeries> = {}): FeedMemorySeries {
  return {
    confidence: 0.97,
    levelBytes: 600e6,
    slopeBytesPerHour: { value: 10e6, low: 9e6, high: 11e6, confidence: 0.95 },
    slopeRatioPerHour: { value: 0.0167, confidence: 0.95 },
    inSevenDaysBytes: { value: 2280e6, low: 2080e6, high: 2480e6, confidence: 0.9 },
    hoursUntil: [
      { limitBytes: 4.3e9, label: "V8 heap", hours: { value: 370, low: 340, high: 410, confidence: 0.9 } },
      { limitBytes: 8e9, hours: { value: 740, low: 650, confidence: 0.9 } },
      { limitBytes: 10e9 },
    ],
    looked: { samples: 1200, hours: 20, collections: 31, restarts: 1 },
    floor: line(20, (hour) => 400e6 + 10e6 * hour),
    samples: [],
    ...changes,
  };
}

function line(hours: number, bytes: (hour: number) => number): FeedPoint[] {
  return Array.from({ length: hours + 1 }, (_, hour) => [NOW - (hours - hour) * HOUR, bytes(hour)]);
}

function memory(changes: Partial<FeedMemory> = {}): FeedMemory {
  return {
    time: NOW,
    verdict: "leak",
    severity: "critical",
    decidedBy: "postGc",
    series: series(),
    needs: "",
    evidence: [],
    ...changes,
  };
}

/** Points of a column. */
function column(of: FeedMemory, name: (typeof LEAK_COLUMNS)[number]): (readonly [number, number])[] {
  const chart = toLeakChart(of, "week");
  assert.ok(chart);
  const values = chart.table.columns[LEAK_COLUMNS.indexOf(name)]!;
  return chart.table.times.flatMap((time, i) =>
    typeof values[i] === "number" ? [[time, values[i]] as const] : [],
  );
}

suite("toLeakChart()", () => {
  test("the projection begins at the level, ends at the estimate, and its band at the interval", () => {
    const projection = column(memory(), "projection");
    assert.deepEqual(projection[0], [NOW, 600e6]);
    assert.deepEqual(projection.at(-1), [NOW + 168 * HOUR, 2280e6]);
    assert.deepEqual(column(memory(), "projectionLow").at(-1), [NOW + 168 * HOUR, 2080e6]);
    assert.deepEqual(column(memory(), "projectionHigh").at(-1), [NOW + 168 * HOUR, 2480e6]);
  });

  test("the trend goes along the floor, its edges cross in the middle", () => {
    const trend = column(memory(), "trend");
    assert.deepEqual(trend[0], [NOW - 20 * HOUR, 400e6]);
    assert.deepEqual(trend.at(-1), [NOW, 600e6]);
    const [lows, highs] = [column(memory(), "trendLow"), column(memory(), "trendHigh")];
    assert.deepEqual(
      highs.map(([, high], i) => high - lows[i]![1]),
      [20e6, 0, 20e6],
    );
  });

  test("a leak that began late has its trend where it leaks, not through what was before", () => {
    const floor = line(40, (hour) => 400e6 + Math.max(0, hour - 25) * 10e6);
    const [[from, start] = [0, 0]] = column(
      memory({ series: series({ floor, levelBytes: 550e6 }) }),
      "trend",
    );
    assert.ok(Math.abs(from - (NOW - 15 * HOUR)) <= 4 * HOUR, `${(NOW - from) / HOUR} h`);
    assert.ok(Math.abs(start - 400e6) < 45e6, `${start}`);
  });

  test("what is not known is not drawn", () => {
    const unknown = memory({ verdict: "not-enough-evidence" });
    assert.deepEqual([column(unknown, "trend"), column(unknown, "projection")], [[], []]);
    assert.equal(toLeakChart(unknown, "week")?.to, NOW, "and no room is kept for it");
    const open = memory({
      series: series({
        slopeBytesPerHour: { value: 1, low: null!, high: null!, confidence: 0.95 },
        inSevenDaysBytes: { value: 1, low: 0, confidence: 0.9 },
      }),
    });
    assert.deepEqual([column(open, "trend"), column(open, "projection")], [[], []]);
    assert.equal(toLeakChart(memory({ series: undefined }), "near"), undefined);
    assert.equal(toLeakChart(memory({ series: series({ floor: [] }) }), "near"), undefined);
  });

  test("near looks as far ahead as was looked back, and a week at most", () => {
    const ahead = (hours: number): number => {
      const floor = line(hours, () => 1e8);
      return (toLeakChart(memory({ series: series({ floor }) }), "near")!.to - NOW) / HOUR;
    };
    assert.deepEqual([ahead(20), ahead(400)], [20, 168]);
    assert.equal(toLeakChart(memory(), "week")!.to - NOW, 168 * HOUR);
    assert.equal(defaultHorizon(memory()), "near");
    const looked = { samples: 1, hours: 24, collections: 0, restarts: 0 };
    assert.equal(defaultHorizon(memory({ series: series({ looked }) })), "week");
  });
});

suite("foretell()", () => {
  test("the uncertainty of the slope grows with time, the noise does not", () => {
    const noisy = series({ slopeBytesPerHour: { value: 10e6, low: 10e6, high: 10e6, confidence: 0.95 } });
    const width = (of: FeedMemorySeries, hours: number): number => {
      const { low = NaN, high = NaN } = foretell(of, hours) ?? {};
      return (high - low) / 2;
    };
    assert.deepEqual(
      [0, 84, 168].map((hours) => Math.round(width(noisy, hours))),
      [200e6, 200e6, 200e6],
    );
    const [now, half, week] = [0, 84, 168].map((hours) => width(series(), hours)) as [number, number, number];
    assert.ok(now < half && half < week && Math.abs(week - 200e6) < 1, `${now} ${half} ${week}`);
    assert.ok(Math.abs(now - Math.sqrt(200e6 ** 2 - (1e6 * (1.645 / 1.96) * 168) ** 2)) < 1, `${now}`);
  });

  test("goes never below nothing", () => {
    const wide = { value: 600e6, low: 0, high: 5e9, confidence: 0.9 };
    assert.equal(foretell(series({ inSevenDaysBytes: wide }), 168)?.low, 0);
  });
});

suite("fittedRange()", () => {
  test("shows a change, makes none of noise, and holds the limits within reach", () => {
    const [low, high] = fittedRange(400e6, 600e6, []);
    assert.ok(low > 350e6 && low < 400e6 && high > 600e6);
    const [flat, top] = fittedRange(599e6, 600e6, []);
    assert.ok((top - flat) / top >= 0.2, "a fifth at least");
    assert.ok(fittedRange(7e9, 7.5e9, [{ value: 8e9, label: "8 GB" }])[1] > 8e9);
    assert.deepEqual(fittedRange(Infinity, -Infinity, []), [0, 1]);
  });
});

suite("words of a leak verdict", () => {
  const said = (of: FeedMemory): (readonly [string, string, string])[] =>
    leakFigures(of, LOCALE).map(({ label, value, detail }) => [label, value, detail]);

  test("growth, seven days and limits come with their intervals, open ends as what they are", () => {
    assert.deepEqual(said(memory()), [
      ["Growth", "10.0 MB an hour", "95%: 9.00 MB to 11.0 MB an hour"],
      ["In seven days", "2.28 GB", "90%: 2.08 GB to 2.48 GB"],
      ["V8 heap, 4.30 GB", "in 15d 10h", "90%: 14d 4h to 17d 2h"],
      ["8.00 GB", "in 30d 20h", "90%: 27d 2h or more"],
      ["10.0 GB", "not within a year", ""],
    ]);
  });

  test("before there is evidence nothing is claimed, not even that a limit is far", () => {
    const values = said(memory({ verdict: "not-enough-evidence" })).map(([, value]) => value);
    assert.deepEqual(new Set(values), new Set(["not known yet"]));
    assert.equal(said(memory({ series: undefined })).length, 0);
  });

  test("growth that may be none is called none", () => {
    const slope = { value: 12e3, low: -41e3, high: 65e3, confidence: 0.95 };
    const of = memory({ verdict: "healthy", series: series({ slopeBytesPerHour: slope }) });
    assert.deepEqual(said(of)[0], ["Growth", "none to be seen", "95%: -41.0 kB to 65.0 kB an hour"]);
  });

  test("a limit that is behind is reached", () => {
    const reached = { value: 0, low: 0, high: 0, confidence: 0.9 };
    const of = series({ hoursUntil: [{ limitBytes: 8e9, hours: reached }] });
    assert.deepEqual(said(memory({ series: of })).at(-1), ["8.00 GB", "reached", ""]);
  });

  test("verdicts have a word and a tone; one of a later version is shown as it is", () => {
    const tone = (verdict: string, severity = "none"): string =>
      verdictTone({ verdict, severity } as Pick<FeedMemory, "verdict" | "severity">);
    assert.deepEqual(
      [tone("leak", "critical"), tone("leak", "warning"), tone("growing"), tone("healthy"), tone("x")],
      ["critical", "warning", "info", "ok", "unknown"],
    );
    assert.equal(verdictWord("not-enough-evidence"), "Not enough evidence yet");
    assert.equal(verdictWord("constructor"), "constructor");
  });

  test("says what was looked at, and never that it is certain", () => {
    assert.equal(
      aboutText(memory(), LOCALE),
      "Heap after full collections, 97% sure. Judged from 1,200 samples in 20 hours, 31 collections seen, 1 restart.",
    );
    assert.match(aboutText(memory({ series: series({ confidence: 1 }) }), LOCALE), /more than 99% sure/);
    assert.doesNotMatch(aboutText(memory({ verdict: "not-enough-evidence" }), LOCALE), /sure/);
  });

  test("the picture in words has the course, the growth and the limits", () => {
    assert.equal(
      describeLeak(memory(), LOCALE),
      "Leak. Floor of the heap after full collections: from 400 MB to 600 MB. " +
        "Growth: 10.0 MB an hour (95%: 9.00 MB to 11.0 MB an hour). " +
        "In seven days: 2.28 GB (90%: 2.08 GB to 2.48 GB). V8 heap, 4.30 GB: in 15d 10h (90%: 14d 4h to 17d 2h). " +
        "8.00 GB: in 30d 20h (90%: 27d 2h or more). 10.0 GB: not within a year.",
    );
  });

  test("what is needed is said once", () => {
    const needs = "91 more minutes";
    assert.deepEqual(reasonsOf(memory({ needs, evidence: ["It needs 91 more minutes.", "b"] })), ["b"]);
    assert.deepEqual(reasonsOf(memory({ evidence: ["a"] })), ["a"]);
  });
});
