// This module is browser-safe.
import type { Clock } from "../base/clock.ts";
import { DEMI_PROFILE, type EmotionProfile } from "./emotion_profile.ts";

/** Options of {@linkcode EmotionMonitor}. */
export interface EmotionMonitorOptions {
  /** What the emotions are and how they move. @default {DEMI_PROFILE} */
  readonly profile?: EmotionProfile | undefined;
  /** For looks without a time of their own. @default {systemClock} */
  readonly clock?: Pick<Clock, "now"> | undefined;
  /**
   * Whether every interaction is told by `cause`: a look without a cause then had none. Otherwise whatever
   * interactions can do may have happened before such a look, and what is found is less.
   *
   * @default {false}
   */
  readonly causesAreTold?: boolean | undefined;
  /** Most interactions in a minute that there can be where they are not told. @default {60} */
  readonly maxInteractionsPerMinute?: number | undefined;
  /** Looks that drift is learned from before it is judged, where there is no decay model. @default {1440} */
  readonly trainingSamples?: number | undefined;
  /** Factor of all thresholds of drift: above 1 fewer false alarms, found later. @default {1} */
  readonly caution?: number | undefined;
  /** Most findings that are kept; the oldest go. @default {200} */
  readonly maxFindings?: number | undefined;
}

/** Options of {@linkcode EmotionMonitor.observe}. */
export interface ObserveOptions {
  /**
   * What happened since the look before: a kind of interaction that the profile knows, several of them in their order,
   * `"message"` for one whose kind is not known, `"none"`, or `"restart"`.
   */
  readonly cause?: string | readonly string[] | undefined;
  /** Where the state was read, if there are several places. */
  readonly platform?: string | undefined;
  /** When it was read, epoch ms. @default {the clock's time} */
  readonly timestamp?: number | undefined;
}

/** Options without the clock, all there. */
export type EmotionMonitorSettings = Readonly<
  Required<{ [K in Exclude<keyof EmotionMonitorOptions, "clock">]: NonNullable<EmotionMonitorOptions[K]> }>
>;

/** @throws {RangeError} If a number is out of its range. */
export function resolveSettings(options: Omit<EmotionMonitorOptions, "clock">): EmotionMonitorSettings {
  const { profile = DEMI_PROFILE, causesAreTold = false, maxInteractionsPerMinute = 60 } = options;
  const { trainingSamples = 1440, caution = 1, maxFindings = 200 } = options;
  check("maxInteractionsPerMinute", "> 0 and finite", maxInteractionsPerMinute, maxInteractionsPerMinute > 0);
  check(
    "trainingSamples",
    "an integer >= 200",
    trainingSamples,
    Number.isSafeInteger(trainingSamples) && trainingSamples >= 200,
  );
  check("caution", "in [0.5, 3]", caution, caution >= 0.5 && caution <= 3);
  check("maxFindings", "an integer >= 1", maxFindings, Number.isSafeInteger(maxFindings) && maxFindings >= 1);
  return { profile, causesAreTold, maxInteractionsPerMinute, trainingSamples, caution, maxFindings };
}

function check(name: string, rule: string, value: number, holds: boolean): void {
  if (holds && value < Infinity) return;
  throw new RangeError(`Cannot watch emotions: '${name}' must be ${rule}, got ${value}`);
}
