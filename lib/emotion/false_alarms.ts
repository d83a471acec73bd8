// This module is browser-safe.
import { DRIFT_CALIBRATION, MODEL_CALIBRATION, type ModelCalibrationRow } from "./drift_calibration.ts";
import type { EmotionMonitorSettings } from "./emotion_monitor_options.ts";

/** How often a monitor cries wolf and how late it finds what is there, at its settings, from the calibration. */
export interface FalseAlarmStatement {
  /** `drift`: levels are watched, learned from the source. `model`: steps are compared with the profile's model. */
  readonly basis: "drift" | "model";
  /** Share of clean simulated weeks at one look a minute with any finding; `undefined` outside of what was measured. */
  readonly weeklyFalseAlarmRatio: number | undefined;
  /** A 95 % interval of it (Wilson). */
  readonly interval: readonly [number, number] | undefined;
  readonly weeks: number;
  /** Median minutes until a sustained shift of 1, 2, 3 standard deviations at inertia 0.9 is found; `undefined`: mostly not. */
  readonly delayMinutes: Readonly<Record<"1" | "2" | "3", number | undefined>> | undefined;
  /** The same where the level does not jump but moves as fast as its inertia lets it. */
  readonly gradualDelayMinutes: Readonly<Record<"1" | "2" | "3", number | undefined>> | undefined;
  readonly settings: {
    readonly caution: number;
    readonly trainingSamples: number;
    readonly causesAreTold: boolean;
  };
  /** Cautions between which it was interpolated; equal where it was measured. */
  readonly between: readonly [number, number] | undefined;
  /** What the figures do not cover. */
  readonly limits: readonly string[];
}

/** The statement for these settings. */
export function stateFalseAlarms(settings: EmotionMonitorSettings): FalseAlarmStatement {
  const { caution, trainingSamples, causesAreTold, profile } = settings;
  const shown = { caution, trainingSamples, causesAreTold };
  if (profile.decay) return stateModel(shown);
  const measured = DRIFT_CALIBRATION;
  const above = measured.findIndex((row) => row.caution >= caution - 1e-9);
  const upper = measured[above];
  const lower = upper && Math.abs(upper.caution - caution) < 1e-9 ? upper : measured[above - 1];
  const limits = ["clean weeks: nine independent emotions of inertia 0.9, one look a minute"];
  if (trainingSamples < 1440)
    limits.push("learned from fewer than the 1440 looks that were simulated: expect more");
  const none = { basis: "drift", weeks: 0, settings: shown, limits } as const;
  if (!upper || !lower) {
    limits.push(
      `not measured at this caution, only from ${measured[0]!.caution} to ${measured.at(-1)!.caution}`,
    );
    return {
      ...none,
      weeklyFalseAlarmRatio: undefined,
      interval: undefined,
      delayMinutes: undefined,
      gradualDelayMinutes: undefined,
      between: undefined,
    };
  }
  const share = upper === lower ? 0 : (caution - lower.caution) / (upper.caution - lower.caution);
  const mix = (a: number, b: number): number => a + share * (b - a);
  const delays = (of: "stepDelayMinutes" | "gradualDelayMinutes"): FalseAlarmStatement["delayMinutes"] => {
    const at = (size: "1" | "2" | "3"): number | undefined => {
      const [a, b] = [lower[of][size], upper[of][size]];
      return a === null || b === null ? undefined : mix(a, b);
    };
    return { "1": at("1"), "2": at("2"), "3": at("3") };
  };
  const ratio = mix(lower.falseAlarmRatio, upper.falseAlarmRatio);
  return {
    ...none,
    weeks: Math.min(lower.weeks, upper.weeks),
    weeklyFalseAlarmRatio: ratio,
    interval: wilson(ratio, Math.min(lower.weeks, upper.weeks)),
    delayMinutes: delays("stepDelayMinutes"),
    gradualDelayMinutes: delays("gradualDelayMinutes"),
    between: [lower.caution, upper.caution],
  };
}

function stateModel(settings: FalseAlarmStatement["settings"]): FalseAlarmStatement {
  const row: ModelCalibrationRow = MODEL_CALIBRATION[settings.causesAreTold ? "told" : "untold"];
  return {
    basis: "model",
    weeks: row.weeks,
    weeklyFalseAlarmRatio: row.falseAlarmRatio,
    interval: wilson(row.falseAlarmRatio, row.weeks),
    delayMinutes: undefined,
    gradualDelayMinutes: undefined,
    settings,
    between: undefined,
    limits: [
      "clean weeks of a simulated Demi at one look a minute under four load patterns",
      "holds as far as the profile is the companion's: another decay is found as one, not tolerated",
    ],
  };
}

/** @see E. B. Wilson (1927), JASA 22(158), 209–212 */
function wilson(ratio: number, n: number): readonly [number, number] {
  const z = 1.96;
  const centre = (ratio + (z * z) / (2 * n)) / (1 + (z * z) / n);
  const half = (z / (1 + (z * z) / n)) * Math.sqrt((ratio * (1 - ratio)) / n + (z * z) / (4 * n * n));
  return [Math.max(0, centre - half), Math.min(1, centre + half)];
}
