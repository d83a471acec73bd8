// How often EmotionMonitor cries wolf and how late it finds what is there: the whole curve, by simulation, and what a
// look costs. `--weeks N` simulates fewer; `--calibrate` prints the rows of lib/emotion/drift_calibration.ts.
import { median } from "../../lib/stats/median.ts";
import { reportBench } from "./_bench_report.ts";
import { liveCleanWeek, measureLook, minutesToAlarm, type Shift } from "./_emotion_weeks.ts";

const weeksAt = process.argv.indexOf("--weeks");
const WEEKS = weeksAt > 0 ? Number(process.argv[weeksAt + 1]) : 200;
const SHIFTED = Math.max(20, Math.round(WEEKS / 2));
const CAUTIONS = [0.7, 0.8, 0.9, 1, 1.1, 1.2, 1.4];
const INERTIA = 0.9;
const FIRST_SHIFTED_SEED = 100_000;

function say(what: string): void {
  if (!process.argv.includes("--json")) console.error(what);
}

function seeds(from: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, i) => from + i);
}

/** Minutes of each run; one that found nothing counts as endless. */
function delays(caution: number, shift: Shift): readonly number[] {
  return seeds(FIRST_SHIFTED_SEED, SHIFTED).map(
    (seed) => minutesToAlarm({ seed, inertia: INERTIA, caution, shift }) ?? Infinity,
  );
}

function show(minutes: number): string {
  return (Number.isFinite(minutes) ? String(Math.round(minutes)) : "–").padStart(6);
}

say(`${WEEKS} clean weeks and ${SHIFTED} of each shift, inertia ${INERTIA}; median minutes until found`);
say("caution  alarms   step 1σ   2σ    3σ  gradual 1σ   2σ    3σ");
const curve = CAUTIONS.map((caution) => {
  const alarmed = seeds(1, WEEKS).map(
    (seed) => minutesToAlarm({ seed, inertia: INERTIA, caution }) !== undefined,
  );
  const step = [1, 2, 3].map((size) => delays(caution, { size, form: "step" }));
  const gradual = [1, 2, 3].map((size) => median(delays(caution, { size, form: "gradual" })));
  const row = { caution, alarmed, ratio: alarmed.filter(Boolean).length / WEEKS, step, gradual };
  const figures = [...step.map((runs) => median(runs)), ...gradual].map(show).join("");
  say(`${caution.toFixed(1).padStart(7)}  ${(row.ratio * 100).toFixed(1).padStart(5)} %  ${figures}`);
  return row;
});

const resting = seeds(1, WEEKS).map(
  (seed) => minutesToAlarm({ seed, inertia: INERTIA, caution: 1, rests: true }) !== undefined,
);
const restingDelays = seeds(FIRST_SHIFTED_SEED, SHIFTED).map(
  (seed) =>
    minutesToAlarm({ seed, inertia: INERTIA, caution: 1, rests: true, shift: { size: 3, form: "step" } }) ??
    Infinity,
);
say(
  `at the floor for 60 % of the time: ${resting.filter(Boolean).length} of ${WEEKS} alarm; 3σ found in ${show(median(restingDelays))} min`,
);

const lives = [true, false].map((told) => {
  const raised = seeds(1, WEEKS).map((seed) => liveCleanWeek(seed, told));
  const alarmed = raised.map((messages) => messages.length > 0);
  say(
    `Demi's weeks, causes ${told ? "" : "not "}told: ${alarmed.filter(Boolean).length} of ${WEEKS} raise anything`,
  );
  for (const [message] of raised.filter((messages) => messages.length > 0)) say(`  ${message}`);
  return alarmed;
});

if (process.argv.includes("--calibrate")) {
  for (const { caution, ratio, step, gradual } of curve) {
    const medians = (values: readonly number[]): string =>
      values.map((value, i) => `"${i + 1}": ${Number.isFinite(value) ? Math.round(value) : null}`).join(", ");
    const shown = `stepDelayMinutes: { ${medians(step.map((runs) => median(runs)))} }, gradualDelayMinutes: { ${medians(gradual)} }`;
    console.log(`  { caution: ${caution}, falseAlarmRatio: ${ratio}, weeks: ${WEEKS}, ${shown} },`);
  }
}

/** Percent, as one figure. */
function percent(alarmed: readonly boolean[]): readonly number[] {
  return [(100 * alarmed.filter(Boolean).length) / alarmed.length];
}

const usual = curve.find(({ caution }) => caution === 1)!;
reportBench([
  {
    name: `clean weeks of nine AR(1) emotions with any alarm (${WEEKS})`,
    unit: "%",
    measured: percent(usual.alarmed),
    goal: 5,
  },
  {
    name: `a 3-sigma shift at inertia ${INERTIA} until found`,
    unit: "min",
    measured: usual.step[2]!,
    goal: 40,
  },
  {
    name: `clean weeks of emotions that rest at their floor (${WEEKS})`,
    unit: "%",
    measured: percent(resting),
    goal: 5,
  },
  {
    name: `Demi's clean weeks with any finding, causes told (${WEEKS})`,
    unit: "%",
    measured: percent(lives[0]!),
    goal: 5,
  },
  {
    name: `Demi's clean weeks with any finding, causes not told (${WEEKS})`,
    unit: "%",
    measured: percent(lives[1]!),
    goal: 5,
  },
  { name: "a look, causes told", unit: "µs", measured: [1, 2, 3].map(() => measureLook(true)), goal: 20 },
  {
    name: "a look, causes not told",
    unit: "µs",
    measured: [1, 2, 3].map(() => measureLook(false)),
    goal: 20,
  },
]);
