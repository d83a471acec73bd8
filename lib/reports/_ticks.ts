// This module is browser-safe.

/** Round numbers within a range, about `count` of them: 1, 2 or 5 times a power of ten apart. */
export function niceTicks(low: number, high: number, count: number): readonly number[] {
  const span = high - low;
  if (!(span > 0) || !Number.isFinite(span)) return [low];
  const rough = span / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((each) => each >= rough * 0.999)!;
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const STEPS: readonly number[] = [
  ...[1, 2, 5, 10, 15, 30].map((n) => n * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE),
  ...[1, 2, 3, 6, 12].map((n) => n * HOUR),
  ...[1, 2, 7, 14, 28, 56, 112, 224, 448].map((n) => n * DAY),
];

/** Moments since `from`, at round distances, about `count` of them; with their texts, as `+2 h`. */
export function elapsedTicks(
  from: number,
  to: number,
  count: number,
): readonly { readonly timestamp: number; readonly text: string }[] {
  const span = to - from;
  if (!(span > 0)) return [{ timestamp: from, text: "0" }];
  const step = STEPS.find((each) => each >= span / count) ?? STEPS.at(-1)!;
  return Array.from({ length: Math.floor(span / step + 1e-9) + 1 }, (_, i) => ({
    timestamp: from + i * step,
    text: elapsedText(i * step, step),
  }));
}

function elapsedText(elapsed: number, step: number): string {
  if (elapsed === 0) return "0";
  const [unit, name] =
    step >= DAY ? [DAY, "d"] : step >= HOUR ? [HOUR, "h"] : step >= MINUTE ? [MINUTE, "min"] : [SECOND, "s"];
  return `+${elapsed / unit} ${name}`;
}
