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

/** Filled in by the benchmark. */
export const DRIFT_CALIBRATION: readonly DriftCalibrationRow[] = [
  {
    caution: 1,
    falseAlarmRatio: 0.01,
    weeks: 200,
    stepDelayMinutes: { "1": 1664, "2": 281, "3": 11 },
    gradualDelayMinutes: { "1": null, "2": 300, "3": 92 },
  },
];

/** What came of clean simulated weeks of a companion whose model the profile is. */
export interface ModelCalibrationRow {
  readonly falseAlarmRatio: number;
  readonly weeks: number;
}

export const MODEL_CALIBRATION: Readonly<Record<"told" | "untold", ModelCalibrationRow>> = {
  told: { falseAlarmRatio: 0, weeks: 200 },
  untold: { falseAlarmRatio: 0, weeks: 200 },
};
