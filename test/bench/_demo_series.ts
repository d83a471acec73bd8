// Seven days of the sixty series that the demo's own /metrics begins with, every 10 s, each in the digits and with the course that it
// has there (`npm start`, then the page): memory in pages, processor time in microseconds, delays in nanoseconds with the noise of
// their sums, emotions that step by hundredths and decay, counters that mostly rest, platforms that are up.
import { SeededRandom } from "demi-health/base";
import { EMOTION_NAMES } from "demi-health/emotion";

const SERIES = 60;
export const STEP_MS = 10_000;
export const SAMPLES: number = (7 * 86_400_000) / STEP_MS;

/** A series' key, whether it is a decimal gauge, and its value from the one before. */
interface Course {
  readonly key: string;
  readonly isDecimal: boolean;
  readonly first: number;
  readonly next: (last: number, random: SeededRandom, i: number) => number;
}

/** Times with a jitter of milliseconds, one for all series, and values by series. */
export interface DemoSeries {
  readonly keys: readonly string[];
  readonly isDecimal: readonly boolean[];
  readonly times: Float64Array;
  readonly values: readonly Float64Array[];
}

const EMOTIONS = EMOTION_NAMES.slice(0, 8);
const rest = (first: number) => ({ first, isDecimal: true, next: (last: number): number => last });
const digits = (value: number, count: number): number => Number(value.toFixed(count));

function courses(): readonly Course[] {
  const list: Course[] = [];
  const gauge = (key: string, course: Omit<Course, "key">): void => void list.push({ key, ...course });
  const counter = (key: string, chance: number, most: number): void =>
    gauge(key, {
      first: 0,
      isDecimal: true,
      next: (last, random) => last + (random.chance(chance) ? random.integer(1, most) : 0),
    });
  const noisy = (key: string, mean: number): void =>
    gauge(key, {
      first: mean,
      isDecimal: false,
      next: (_, random) => mean * (0.5 + random.exponential(0.5)),
    });
  gauge("process_resident_memory_bytes", {
    first: 204_644_352,
    isDecimal: true,
    next: (last, random) => Math.max(1e8, last + 4096 * Math.round(random.normal(0, 40))),
  });
  gauge("nodejs_heap_size_used_bytes", {
    first: 56_166_584,
    isDecimal: true,
    next: (last, random) =>
      last > 72e6 ? 52e6 + 8 * random.integer(0, 5e4) : last + 8 * random.integer(2e4, 4e4),
  });
  gauge("nodejs_heap_size_total_bytes", {
    first: 83_165_184,
    isDecimal: true,
    next: (last, random) => (random.chance(0.05) ? 83_165_184 + 262_144 * random.integer(-8, 8) : last),
  });
  gauge("nodejs_external_memory_bytes", {
    first: 10_322_292,
    isDecimal: true,
    next: (last, random) => (random.chance(0.3) ? 10_322_292 + random.integer(0, 60_000) : last),
  });
  gauge("demi_memory_limit_bytes", rest(25_276_502_016));
  gauge("demi_memory_usage_ratio", { first: 0.0081, isDecimal: false, next: () => list.length });
  gauge("process_cpu_seconds_total", {
    first: 1.6,
    isDecimal: true,
    next: (last, random) => digits(last + 0.03 + random.next() / 50, 6),
  });
  noisy("demi_cpu_usage_ratio", 0.0037);
  gauge("process_start_time_seconds", rest(1_795_488_598.582));
  for (const part of [50, 99, 100]) noisy(`demi_event_loop_delay_seconds{percentile="${part}"}`, part * 2e-6);
  for (const verdict of ["healthy", "growing", "leak", "not-enough-evidence"]) {
    gauge(`demi_memory_leak_verdict{verdict="${verdict}"}`, rest(verdict === "healthy" ? 1 : 0));
  }
  for (const emotion of EMOTIONS) {
    gauge(`demi_emotion{emotion="${emotion}"}`, {
      first: 0.5,
      isDecimal: false,
      // an interaction, or a tick of the decay every five minutes
      next: (last, random, i) =>
        random.chance(0.02)
          ? Math.min(1, last + 0.05 * random.next())
          : i % 30 === 0
            ? last + (0.5 - last) * 0.03
            : last,
    });
    gauge(`demi_emotion_momentum{emotion="${emotion}"}`, {
      first: 0,
      isDecimal: true,
      next: (last, random) => (random.chance(0.02) ? digits(random.next() / 10, 2) : last),
    });
    gauge(`demi_emotion_out_of_bounds{emotion="${emotion}"}`, rest(0));
  }
  gauge("demi_emotion_last_updated_timestamp_seconds", {
    first: 1_795_488_617.374,
    isDecimal: true,
    next: (last, random, i) =>
      random.chance(0.02) ? digits(1_795_488_617.374 + i * 10 + random.next(), 3) : last,
  });
  for (const platform of ["discord", "android"]) {
    gauge(`demi_platform_up{platform="${platform}"}`, rest(1));
    gauge(`demi_platform_latency_seconds{platform="${platform}"}`, {
      first: 0.05,
      isDecimal: true,
      next: (last, random) => (random.chance(0.25) ? digits(0.04 + random.exponential(0.02), 3) : last),
    });
    counter(`demi_platform_messages_total{platform="${platform}"}`, 0.02, 2);
    counter(`demi_platform_errors_total{platform="${platform}"}`, 0.0005, 1);
  }
  for (const direction of ["input", "output"])
    counter(`demi_llm_tokens_total{direction="${direction}"}`, 0.02, 400);
  gauge("demi_room_temperature_celsius", {
    first: 21.5,
    isDecimal: true,
    next: (last, random) => digits(last + random.normal(0, 0.1), 1),
  });
  for (let le = 0; list.length < SERIES; le++)
    counter(`demi_llm_request_duration_seconds_bucket{le="${le}"}`, 0.01, 1);
  return list.slice(0, SERIES);
}

export function demoSeries(seed = "demo series"): DemoSeries {
  const random = new SeededRandom(seed);
  const list = courses();
  const times = new Float64Array(SAMPLES);
  const values = list.map(() => new Float64Array(SAMPLES));
  const last = list.map(({ first }) => first);
  for (let i = 0; i < SAMPLES; i++) {
    times[i] = Date.UTC(2026, 0, 1) + i * STEP_MS + random.integer(0, 12);
    for (let s = 0; s < list.length; s++) {
      const isRatio = list[s]!.key === "demi_memory_usage_ratio";
      last[s] = isRatio ? last[0]! / 25_276_502_016 : list[s]!.next(last[s]!, random, i);
      values[s]![i] = last[s]!;
    }
  }
  return {
    keys: list.map(({ key }) => key),
    isDecimal: list.map(({ isDecimal }) => isDecimal),
    times,
    values,
  };
}
