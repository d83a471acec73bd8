// This module is browser-safe.
import { FloorCells } from "./_floor_cells.ts";
import { type Judgement, judgeSeries, type SeriesFacts } from "./_judge_series.ts";
import { quantileOf } from "./_order.ts";
import { RecentWindow } from "./_recent_window.ts";

/** A judgement, and the window that it is about. */
export interface WindowJudgement extends Judgement {
  readonly startMs: number;
  readonly hours: number;
}

// After weeks of health the parts of the whole life are too coarse for what began yesterday.
const RECENT_HOURS = [24, 96, 384] as const;
const HOUR_MS = 3_600_000;
/** How far above all that was before, as a share of its range, what is called new must stand. */
const CLEARLY_ABOVE = 0.5;
const NOW_SHARE = 0.04;
/** Standard deviations on either side. */
const FASTER = 3;

/** A series over the whole life of the process, and over its last days. */
export class SeriesRecord {
  readonly life: FloorCells = new FloorCells();
  readonly #recent: RecentWindow[] = [];

  /** @param timestamp Epoch milliseconds, not before the last one. */
  add(timestamp: number, bytes: number): void {
    this.life.add(timestamp, bytes);
    const hours = (timestamp - this.life.startMs) / HOUR_MS;
    const next = RECENT_HOURS[this.#recent.length];
    if (next !== undefined && hours >= next) this.#recent.push(new RecentWindow(next * HOUR_MS));
    for (const window of this.#recent) window.add(timestamp, bytes);
  }

  /**
   * What the whole life says, unless it says no leak and the last days do, and stand above all that was before: so a leak that
   * comes with a release is seen within hours, and nothing that comes round again is taken for one.
   */
  judge(facts: SeriesFacts): WindowJudgement {
    const whole = inWindow(judgeSeries(this.life, facts), this.life);
    if (whole.verdict === "leak") return this.#atPaceOfNow(whole, facts);
    for (const { cells } of this.#recent) {
      if (!this.#isAbovePast(cells, facts.minGrowthBytes)) continue;
      // the process is past its warm-up, which is what many looks mistake for a leak
      const recent = judgeSeries(cells, { ...facts, isRepeated: false });
      if (recent.verdict === "leak") return inWindow(recent, cells);
    }
    return whole;
  }

  /** Growth that has become faster is foretold from its last days. */
  #atPaceOfNow(whole: WindowJudgement, facts: SeriesFacts): WindowJudgement {
    const [window] = this.#recent;
    const bends = /square|hinge/.test(whole.choice?.unbounded?.model.name ?? "");
    if (!window || !bends || whole.hours < 3 * RECENT_HOURS[0]) return whole;
    const { verdict, slope, slopeDeviation } = judgeSeries(window.cells, facts);
    const isSurer = slopeDeviation < whole.slopeDeviation / FASTER;
    const isFaster =
      slope - FASTER * slopeDeviation > whole.slope + (isSurer ? 0 : FASTER * whole.slopeDeviation);
    return verdict === "leak" && isFaster ? { ...whole, slope, slopeDeviation } : whole;
  }

  #isAbovePast(recent: FloorCells, leastBytes: number): boolean {
    const { life } = this;
    const until = Math.floor((recent.startMs - life.startMs) / life.widthMs);
    const past: number[] = [];
    for (let cell = 0; cell < life.size && life.indexOf(cell) < until; cell++) past.push(life.lows[cell]!);
    if (past.length < 12 || recent.size < 12) return false;
    const [low, high] = [quantileOf(past, 0.02), quantileOf(past, 0.98)];
    // the lowest of as long a time as a cell of the past is: of shorter ones garbage is left
    const reachMs = Math.max(3 * life.widthMs, NOW_SHARE * (recent.lastMs - recent.startMs));
    const from = (recent.lastMs - recent.startMs - reachMs) / recent.widthMs;
    let now = Infinity;
    for (let cell = recent.size - 1; cell >= 0 && recent.indexOf(cell) >= from; cell--) {
      now = Math.min(now, recent.lows[cell]!);
    }
    return now - high > Math.max(leastBytes, CLEARLY_ABOVE * (high - low));
  }
}

function inWindow(judgement: Judgement, { startMs, lastMs }: FloorCells): WindowJudgement {
  return { ...judgement, startMs, hours: (lastMs - startMs) / HOUR_MS };
}
