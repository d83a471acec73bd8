// Memory of processes whose future is known: what a projection is held against.
import { SeededRandom } from "../../lib/base/random.ts";

/** A process watched for some hours, and where its memory is a week later. */
export interface MemoryCourse {
  readonly kind: string;
  /** Minutes apart. */
  readonly bytes: readonly number[];
  readonly inSevenDaysBytes: number;
}

const KINDS = [
  "leak",
  "leak-warm",
  "leak-saw",
  "leak-day",
  "leak-stair",
  "flat",
  "warm",
  "saw",
  "day",
  "step",
];
const STEP_HOURS = 1 / 60;

/** As many courses as wanted, of ten kinds in turn; half of them leak. */
export function* memoryCourses(count: number, seed: string): Generator<MemoryCourse> {
  for (let i = 0; i < count; i++)
    yield makeCourse(KINDS[i % KINDS.length]!, new SeededRandom(`${seed} ${i}`));
}

function makeCourse(kind: string, random: SeededRandom): MemoryCourse {
  const between = (low: number, high: number): number => low + (high - low) * random.next();
  const log = (low: number, high: number): number => Math.exp(between(Math.log(low), Math.log(high)));
  const noise = (): number => (random.next() + random.next() + random.next() - 1.5) * 2; // deviation 1
  const has = (part: string): boolean => kind.includes(part);
  const hours = has("day") ? log(36, 120) : log(6, 72);
  const base = log(60e6, 1.5e9);
  const deviation = log(0.001, 0.01) * base;
  const white = log(0.0005, 0.004) * base;
  const kept = Math.exp(-STEP_HOURS / (log(0.5, 15) / 60));
  const rate = has("leak") ? Math.max(log(0.002, 0.03), 0.05 / hours) : 0;
  const warm = has("warm") ? between(0.05, 0.6) : random.next() < 0.5 ? between(0.01, 0.1) : 0;
  const warmHours = hours / log(8, 40);
  const day = has("day") ? between(0.03, 0.15) : 0;
  const phase = between(0, 2 * Math.PI);
  const gap = has("saw") ? between(0.05, 0.5) : 0;
  const period = log(2, Math.min(60, (hours * 60) / 15)) / 60;
  const step =
    kind === "step" ? { at: between(0.1, 0.7) * hours, size: between(0.05, 0.3) } : { at: 0, size: 0 };
  const held = (hour: number): number => {
    const grown = has("stair") ? Math.floor(hour / 2) * 2 * rate : rate * hour;
    const course = day * (0.5 + 0.5 * Math.sin((2 * Math.PI * hour) / 24 + phase));
    const warmedUp = warm * (1 - Math.exp(-hour / warmHours));
    return base * (1 + warmedUp + course + grown + (hour > step.at ? step.size : 0));
  };
  const bytes: number[] = [];
  let wander = deviation * noise();
  let garbage = gap * base * random.next();
  let hour = 0;
  for (; hour < hours; hour += STEP_HOURS) {
    wander = kept * wander + deviation * Math.sqrt(1 - kept * kept) * noise();
    const floor = held(hour) + wander;
    garbage += (gap * base * STEP_HOURS * (1 + 0.25 * noise())) / period;
    if (garbage > gap * floor) garbage = gap * floor * 0.02 * random.next();
    bytes.push(Math.max(1, floor + garbage + white * noise()));
  }
  return { kind, bytes, inSevenDaysBytes: held(hour - STEP_HOURS + 168) + deviation * noise() };
}
