// This module is browser-safe.
import { BATCH_FIELDS, type DriftState, freshDriftState, LAGS, STEP_FIELDS, SUMS } from "./_drift_state.ts";
import { RegimeFit } from "./_regime_fit.ts";
import { invertCorrelation } from "./_invert_correlation.ts";

/** Thresholds of {@linkcode DriftChannels}, in standard deviations of one innovation. */
export interface DriftThresholds {
  /** Samples that are learned from before anything is judged. */
  readonly trainingSamples: number;
  /** Of the fast sum: what is taken off each time, and where it alarms. */
  readonly fastAllowance: number;
  readonly fast: number;
  /** Of the slow sum, for shifts that are small and stay. */
  readonly slowAllowance: number;
  readonly slow: number;
  /** Of Hotelling's T² over smoothed innovations: weight of the newest, and where it alarms. */
  readonly jointWeight: number;
  readonly joint: number;
  /** Of one innovation that is a jump, if the level then stays. */
  readonly step: number;
  /** Of the sums that know a value that goes up and down. */
  readonly oscillation: number;
}

/** What {@linkcode DriftChannels.push} found in one series, or in all together (`index` -1). */
export interface DriftAlarm {
  readonly index: number;
  readonly channel: "step" | "fast" | "slow" | "joint" | "oscillation";
  /** 1 upwards, -1 downwards, 0 neither. */
  readonly direction: number;
  /** When the sum that alarms last was 0. */
  readonly since: number;
}

const CLIP = 8;
const OSCILLATION_ALLOWANCE = 1;
const BATCH = 40;
const MOST_SCALE = 5;
// A series that rests at its floor spreads unevenly; found by simulation of series that rest for up to 60 % of the time.
const RESTING = 0.05;
const RESTING_CAUTION = 1.4;
const RESTING_CLIP = 5;
const STEP_CONFIRMATION = 10;
// A single outlier takes itself back by several deviations; a new level wanders by the root of the samples.
const STEP_TAKEN_BACK = -4;

/**
 * Looks for series that left the level at which they were learned: innovations (each value less what the one before
 * lets expect, by a regression of order one that is learned per series, at its floor and above it apart) go into a
 * fast and a slow two-sided sum and, all together, into Hotelling's T². O(d²) a sample, bounded memory.
 *
 * @see E. S. Page (1954), Biometrika 41, 100–115; C. A. Lowry et al. (1992), Technometrics 34, 46–53
 */
export class DriftChannels {
  readonly #size: number;
  readonly #floors: readonly number[];
  readonly #thresholds: DriftThresholds;
  readonly #fits: RegimeFit[];
  readonly state: DriftState;

  constructor(floors: readonly number[], thresholds: DriftThresholds, state?: DriftState) {
    const size = floors.length;
    this.#size = size;
    this.#floors = floors;
    this.#thresholds = thresholds;
    this.state = state ?? freshDriftState(size);
    this.#fits = this.state.fits.map((fit) => new RegimeFit(fit));
  }

  /** Whether enough was learned to judge. */
  get isArmed(): boolean {
    return this.state.samples > this.#thresholds.trainingSamples;
  }

  /** Takes one sample; a value that is no number leaves its series out. */
  push(values: readonly number[], time: number): readonly DriftAlarm[] {
    const { state } = this;
    const gap = time - state.lastTime;
    const isFirst = state.samples === 0;
    if (!isFirst && !(gap > 0)) return [];
    const isArmed = this.isArmed;
    let alarms: readonly DriftAlarm[] = [];
    if (!isFirst && !isArmed) this.#learn(values, gap);
    if (state.samples === Math.floor(this.#thresholds.trainingSamples / 2))
      this.#fits.forEach((fit) => fit.arm());
    if (isArmed) alarms = this.#judge(values, time, gap / state.typicalGap);
    for (let i = 0; i < this.#size; i++) state.last[i] = values[i]!;
    state.lastTime = time;
    state.samples++;
    if (!isArmed && this.isArmed) this.#arm(time);
    return alarms;
  }

  #learn(values: readonly number[], gap: number): void {
    const { state } = this;
    // what is rare (gaps) hardly moves it: one step of a hundredth towards the newest
    state.typicalGap = state.typicalGap === 0 ? gap : state.typicalGap * clampRatio(gap / state.typicalGap);
    const isRegular = gap < 1.5 * state.typicalGap;
    if (state.samples > this.#thresholds.trainingSamples / 2)
      this.#learnScales(values, gap / state.typicalGap);
    const isWhole = values.every(Number.isFinite);
    if (isWhole) state.pairs++;
    for (let i = 0; i < this.#size; i++) {
      if (isRegular) this.#fits[i]!.learn(state.last[i]!, values[i]!, this.#floors[i]!);
      const width = Math.abs(values[i]! - state.last[i]!);
      if (isRegular && width > state.widest[i]!) state.widest[i] = width;
      if (!isWhole) continue;
      const deviation = this.#fits[i]!.deviation(values[i]!);
      state.totals[i]! += deviation;
      for (let j = 0; j <= i; j++) {
        state.cross[i * this.#size + j]! += deviation * this.#fits[j]!.deviation(values[j]!);
      }
    }
  }

  /** A line of order one is not the truth about a companion: what is left in its innovations widens them. */
  #learnScales(values: readonly number[], ratio: number): void {
    const { batches, last, samples } = this.state;
    const isEnd = samples % BATCH === 0;
    for (let i = 0; i < this.#size; i++) {
      const at = i * BATCH_FIELDS;
      const z = this.#fits[i]!.innovation(last[i]!, values[i]!, this.#floors[i]!, ratio);
      if (Number.isFinite(z)) batches[at]! += Math.max(-CLIP, Math.min(CLIP, z));
      if (!isEnd) continue;
      const sum = batches[at]! / Math.sqrt(BATCH);
      batches[at] = 0;
      batches[at + 1]!++;
      batches[at + 2]! += sum;
      batches[at + 3]! += sum * sum;
    }
  }

  #arm(time: number): void {
    const { state } = this;
    const size = this.#size;
    for (let i = 0; i < size; i++) {
      const [, n = 0, sum = 0, squares = 0] = state.batches.slice(i * BATCH_FIELDS, (i + 1) * BATCH_FIELDS);
      const variance = n > 2 ? (squares - (sum * sum) / n) / (n - 1) : 1;
      const caution = this.#fits[i]!.floorShare > RESTING ? RESTING_CAUTION : 1;
      state.scales[i] = caution * Math.max(1, Math.min(MOST_SCALE, Math.sqrt(variance)));
    }
    const inertias = this.#fits.map((fit) => fit.arm());
    const covariance = (i: number, j: number): number => {
      const product = state.cross[Math.max(i, j) * size + Math.min(i, j)]!;
      const centred = product - (state.totals[i]! * state.totals[j]!) / Math.max(1, state.pairs);
      // of the innovations, not of the levels
      return centred * (1 - inertias[i]! * inertias[j]!);
    };
    const correlation = Array.from({ length: size * size }, (_, at) => {
      const [i, j] = [Math.floor(at / size), at % size];
      if (i === j) return 1;
      const scale = Math.sqrt(covariance(i, i) * covariance(j, j));
      return scale > 0 ? covariance(i, j) / scale : 0;
    });
    state.inverse = invertCorrelation(correlation, size);
    state.since.fill(time);
    state.jointSince = time;
  }

  #judge(values: readonly number[], time: number, ratio: number): readonly DriftAlarm[] {
    const alarms: DriftAlarm[] = [];
    const innovations: number[] = [];
    for (let i = 0; i < this.#size; i++) {
      const z = this.#fits[i]!.innovation(this.state.last[i]!, values[i]!, this.#floors[i]!, ratio);
      const clip = this.#fits[i]!.floorShare > RESTING ? RESTING_CLIP : CLIP;
      const scaled = Math.max(-clip, Math.min(clip, z)) / this.state.scales[i]!;
      const isKnown = Number.isFinite(z);
      // what is not normal would alarm in all together long before it means anything
      innovations.push(isKnown && clip === CLIP ? scaled : 0);
      if (isKnown) this.#judgeOne(i, scaled, time, alarms);
    }
    this.#judgeJoint(innovations, time, alarms);
    return alarms;
  }

  #judgeOne(i: number, z: number, time: number, alarms: DriftAlarm[]): void {
    const { fast, fastAllowance, slow, slowAllowance, oscillation } = this.#thresholds;
    for (const direction of [1, -1]) {
      const at = i * SUMS + (direction === 1 ? 0 : 1);
      this.#add(
        at,
        direction * z - fastAllowance,
        fast,
        time,
        { index: i, channel: "fast", direction },
        alarms,
      );
      this.#add(
        at + 2,
        direction * z - slowAllowance,
        slow,
        time,
        { index: i, channel: "slow", direction },
        alarms,
      );
    }
    this.#judgeStep(i, z, time, alarms);
    const { recent } = this.state;
    const bounded = Math.max(-3, Math.min(3, z));
    for (let lag = 1; lag <= LAGS; lag++) {
      const term = -bounded * recent[i * LAGS + lag - 1]! - OSCILLATION_ALLOWANCE;
      const what = { index: i, channel: "oscillation", direction: 0 } as const;
      this.#add(i * SUMS + 3 + lag, term, oscillation, time, what, alarms);
    }
    for (let lag = LAGS - 1; lag > 0; lag--) recent[i * LAGS + lag] = recent[i * LAGS + lag - 1]!;
    recent[i * LAGS] = bounded;
  }

  /** A jump wider than any learned that is not taken back within ten samples. */
  #judgeStep(i: number, z: number, time: number, alarms: DriftAlarm[]): void {
    const { steps, widest, last } = this.state;
    const at = i * STEP_FIELDS;
    if (steps[at + 1]! > 0) {
      steps[at + 2]! += z * steps[at]!;
      if (steps[at + 2]! < STEP_TAKEN_BACK) steps[at + 1] = 0;
      else if (--steps[at + 1]! === 0) {
        alarms.push({ index: i, channel: "step", direction: steps[at]!, since: steps[at + 3]! });
      }
      return;
    }
    if (last[i]! <= this.#floors[i]! + 1e-6) return;
    const limit = Math.max(this.#thresholds.step, (1.5 * widest[i]!) / this.#fits[i]!.spread);
    if (Math.abs(z) <= limit) return;
    steps[at] = Math.sign(z);
    steps[at + 1] = STEP_CONFIRMATION;
    steps[at + 2] = 0;
    steps[at + 3] = time;
  }

  #add(
    at: number,
    term: number,
    threshold: number,
    time: number,
    what: Pick<DriftAlarm, "index" | "channel" | "direction">,
    alarms: DriftAlarm[],
  ): void {
    const { sums, since } = this.state;
    sums[at] = Math.max(0, sums[at]! + term);
    if (sums[at] === 0) since[at] = time;
    if (sums[at]! <= threshold) return;
    alarms.push({ ...what, since: since[at]! });
    sums[at] = 0;
    since[at] = time;
  }

  #judgeJoint(innovations: readonly number[], time: number, alarms: DriftAlarm[]): void {
    const { state } = this;
    const size = this.#size;
    const { jointWeight: weight, joint } = this.#thresholds;
    // variance of the smoothed value, exact from the first sample on
    state.smoothedWeight = (1 - weight) ** 2 * state.smoothedWeight + weight * weight;
    const { smoothed, inverse } = state;
    for (let i = 0; i < size; i++) smoothed[i] = (1 - weight) * smoothed[i]! + weight * innovations[i]!;
    let distance = 0;
    for (let i = 0; i < size; i++) {
      let row = 0;
      for (let j = 0; j < size; j++) row += inverse[i * size + j]! * smoothed[j]!;
      distance += smoothed[i]! * row;
    }
    distance /= state.smoothedWeight;
    if (distance < size) state.jointSince = time;
    if (distance <= joint) return;
    alarms.push({ index: -1, channel: "joint", direction: 0, since: state.jointSince });
    smoothed.fill(0);
    state.smoothedWeight = 0;
    state.jointSince = time;
  }
}

function clampRatio(ratio: number): number {
  return 1 + 0.01 * Math.max(-1, Math.min(1, ratio - 1));
}
