// This module is browser-safe.

/** What the thresholds of drift at one caution cost and give, measured on simulated weeks. */
export interface DriftCalibrationRow {
  readonly caution: number;
  /** Share of clean weeks with any alarm, of `weeks`. */
  readonly falseAlarmRatio: number;
  readonly weeks: number;
  /** Minutes until half of the shifts of so many standard deviations were found; `null`: fewer than half were. */
  readonly stepDelayMinutes: Readonly<Record<"1" | "2" | "3", number | null>>;
  /** The same where the level does not jump but moves as fast as its inertia lets it. */
  readonly gradualDelayMinutes: Readonly<Record<"1" | "2" | "3", number | null>>;
}

/**
 * False alarms against delay, as `node test/bench/emotion_bench.ts --calibrate` measured them: nine independent emotions
 * of inertia 0.9 at one look a minute, learned for a day and watched for six; 200 clean weeks, 100 runs of each shift of
 * one emotion by so many standard deviations, median minutes until it is found.
 *
 * | caution | clean weeks with an alarm | step 1 σ | 2 σ | 3 σ | gradual 1 σ | 2 σ | 3 σ |
 * | --- | --- | --- | --- | --- | --- | --- | --- |
 * | 0.7 | 47.5 % | 835 | 84 | 11 | 835 | 136 | 48 |
 * | 0.8 | 16.0 % | 1054 | 100 | 11 | 1055 | 168 | 58 |
 * | 0.9 | 5.0 % | 1250 | 142 | 11 | 1252 | 194 | 66 |
 * | 1.0 | 1.0 % | 1475 | 169 | 11 | 1481 | 222 | 76 |
 * | 1.1 | 0.0 % | 1588 | 214 | 11 | 1630 | 260 | 86 |
 * | 1.2 | 0.0 % | 1869 | 274 | 11 | 1881 | 281 | 93 |
 * | 1.4 | 0.0 % | 2244 | 330 | 43 | 2245 | 351 | 113 |
 *
 * A step is found early because it is one innovation of seven deviations; a level that moves at the speed of its inertia
 * is not. At caution 1, emotions cut off at a floor where they are for 60 % of the time alarm in 5 of 200 clean weeks and
 * show a step of 3 σ after 81 minutes.
 */
export const DRIFT_CALIBRATION: readonly DriftCalibrationRow[] = [
  {
    caution: 0.7,
    falseAlarmRatio: 0.475,
    weeks: 200,
    stepDelayMinutes: { "1": 835, "2": 84, "3": 11 },
    gradualDelayMinutes: { "1": 835, "2": 136, "3": 48 },
  },
  {
    caution: 0.8,
    falseAlarmRatio: 0.16,
    weeks: 200,
    stepDelayMinutes: { "1": 1054, "2": 100, "3": 11 },
    gradualDelayMinutes: { "1": 1055, "2": 168, "3": 58 },
  },
  {
    caution: 0.9,
    falseAlarmRatio: 0.05,
    weeks: 200,
    stepDelayMinutes: { "1": 1250, "2": 142, "3": 11 },
    gradualDelayMinutes: { "1": 1252, "2": 194, "3": 66 },
  },
  {
    caution: 1,
    falseAlarmRatio: 0.01,
    weeks: 200,
    stepDelayMinutes: { "1": 1475, "2": 169, "3": 11 },
    gradualDelayMinutes: { "1": 1481, "2": 222, "3": 76 },
  },
  {
    caution: 1.1,
    falseAlarmRatio: 0,
    weeks: 200,
    stepDelayMinutes: { "1": 1588, "2": 214, "3": 11 },
    gradualDelayMinutes: { "1": 1630, "2": 260, "3": 86 },
  },
  {
    caution: 1.2,
    falseAlarmRatio: 0,
    weeks: 200,
    stepDelayMinutes: { "1": 1869, "2": 274, "3": 11 },
    gradualDelayMinutes: { "1": 1881, "2": 281, "3": 93 },
  },
  {
    caution: 1.4,
    falseAlarmRatio: 0,
    weeks: 200,
    stepDelayMinutes: { "1": 2244, "2": 330, "3": 43 },
    gradualDelayMinutes: { "1": 2245, "2": 351, "3": 113 },
  },
];

/** What came of clean simulated weeks of a companion whose model the profile is. */
export interface ModelCalibrationRow {
  readonly falseAlarmRatio: number;
  readonly weeks: number;
}

/** Findings in 200 clean simulated weeks of pocket Demi's emotions each, by whether causes were told; the same command. */
export const MODEL_CALIBRATION: Readonly<Record<"told" | "untold", ModelCalibrationRow>> = {
  told: { falseAlarmRatio: 0, weeks: 200 },
  untold: { falseAlarmRatio: 0, weeks: 200 },
};
