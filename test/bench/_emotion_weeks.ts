import { SeededRandom } from "../../lib/base/random.ts";
import { EmotionMonitor } from "../../lib/emotion/emotion_monitor.ts";
import type { EmotionProfile } from "../../lib/emotion/emotion_profile.ts";
import { type LifePattern, liveWeek, START } from "../emotion/_live_week.ts";
import { SimulatedDemi } from "../emotion/_simulated_demi.ts";

const WEEK_MINUTES = 7 * 1440;
const MINUTE_MS = 60_000;
const NAMES = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];
const MEAN = 0.5;
const SPREAD = 0.05;
const REST = 0.253; // the normal quantile of three fifths

/** Nine emotions without a model: what is left is their level. */
export const NINE: EmotionProfile = { name: "nine", emotions: NAMES, range: { min: -1, max: 2 } };

/** A shift of the first emotion, in standard deviations. */
export interface Shift {
  readonly size: number;
  /** `step`: all at once. `gradual`: the mean that it returns to moves, at the speed of its inertia. */
  readonly form: "step" | "gradual";
}

/** A week of nine independent autoregressive emotions at one look a minute. */
export interface SyntheticWeek {
  readonly seed: number;
  readonly inertia: number;
  readonly caution: number;
  readonly shift?: Shift | undefined;
  /** Whether the emotions are cut off at a floor, where they then are for three fifths of the time. */
  readonly rests?: boolean | undefined;
}

/** Minutes until the first alarm, after the shift where there is one; `undefined` when there is none. */
export function minutesToAlarm({
  seed,
  inertia,
  caution,
  shift,
  rests = false,
}: SyntheticWeek): number | undefined {
  const random = new SeededRandom(seed).stream("emotions");
  const shiftAt = 1440 + 1000 + (seed % 5) * 700;
  const end = shift ? shiftAt + 2 * 1440 : WEEK_MINUTES;
  const innovation = Math.sqrt(1 - inertia * inertia);
  const monitor = new EmotionMonitor({ profile: rests ? RESTING : NINE, caution });
  const level = NAMES.map(() => random.normal());
  let pull = 0;
  for (let minute = 0; minute < end; minute++) {
    const isShifted = shift !== undefined && minute >= shiftAt;
    for (let i = 0; i < level.length; i++) level[i] = inertia * level[i]! + innovation * random.normal();
    if (isShifted) pull = shift.form === "step" ? shift.size : inertia * pull + (1 - inertia) * shift.size;
    const state = Object.fromEntries(
      NAMES.map((name, i) => {
        const raised = level[i]! + (i === 0 ? pull : 0);
        return [name, MEAN + SPREAD * (rests ? Math.max(0, raised - REST) : raised)];
      }),
    );
    const findings = monitor.observe(state, { timestamp: START + minute * MINUTE_MS });
    if (findings.length === 0 || (shift && !isShifted)) continue;
    if (!shift) return minute;
    const isIt = findings.some(({ kind, emotion }) => kind === "drift" && (emotion ?? "a") === "a");
    if (isIt) return minute - shiftAt + 1;
  }
  return undefined;
}

/** The same nine, at their floor for three fifths of the time. */
const RESTING: EmotionProfile = { ...NINE, floors: Object.fromEntries(NAMES.map((name) => [name, MEAN])) };

const PATTERNS: readonly LifePattern[] = ["casual", "active", "sporadic", "silent"];

/** A healthy week of pocket Demi's emotions under one of four patterns, with two crashes. Returns what is raised. */
export function liveCleanWeek(seed: number, told: boolean): readonly string[] {
  const monitor = new EmotionMonitor({ causesAreTold: told });
  const findings = liveWeek({
    companion: new SimulatedDemi(START),
    monitor,
    seed,
    pattern: PATTERNS[seed % PATTERNS.length]!,
    hours: 168,
    told,
    crashes: [
      { atHours: 20 + (seed % 30), offMs: 7_200_000 },
      { atHours: 100 + (seed % 7) / 10, offMs: 3000 },
    ],
  });
  return findings.map(({ message }) => message);
}

/** Microseconds a look takes, by the clock, over a casual week whose looks were made before. */
export function measureLook(told: boolean): number {
  const looks: { readonly state: unknown; readonly options: Parameters<EmotionMonitor["observe"]>[1] }[] = [];
  const recorder: Pick<EmotionMonitor, "observe"> = {
    observe: (state, options) => {
      looks.push({ state, options });
      return [];
    },
  };
  liveWeek({
    companion: new SimulatedDemi(START),
    monitor: recorder,
    seed: 1,
    pattern: "casual",
    hours: 168,
    told,
  });
  const monitor = new EmotionMonitor({ causesAreTold: told });
  const begin = performance.now();
  for (const { state, options } of looks) monitor.observe(state, options);
  return ((performance.now() - begin) / looks.length) * 1000;
}
