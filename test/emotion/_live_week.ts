import type { InteractionKind } from "../../examples/demi/emotions.ts";
import { SeededRandom } from "../../lib/base/random.ts";
import type { EmotionFinding } from "../../lib/emotion/emotion_finding.ts";
import type { EmotionMonitor } from "../../lib/emotion/emotion_monitor.ts";
import type { ObserveOptions } from "../../lib/emotion/emotion_monitor_options.ts";
import type { SimulatedCompanion } from "./_simulated_demi.ts";

/** How people write to it. */
export type LifePattern = "casual" | "active" | "sporadic" | "stress" | "silent";

export interface Life {
  readonly companion: SimulatedCompanion;
  readonly monitor: Pick<EmotionMonitor, "observe">;
  readonly seed: number;
  readonly pattern: LifePattern;
  readonly hours: number;
  /** Whether the monitor is told what happened. */
  readonly told: boolean;
  /** @default {60_000} */
  readonly lookMs?: number;
  /** By how much a look may come late. @default {0} */
  readonly jitterMs?: number;
  /** Where it is looked at, in turn. */
  readonly platforms?: readonly string[];
  /** Hours after which it crashes, and how long it is off. */
  readonly crashes?: readonly { readonly atHours: number; readonly offMs: number }[];
  /** Whether somebody looks at once after each message, too. @default {false} */
  readonly looksAtMessages?: boolean;
  readonly onLook?: (now: number, findings: readonly EmotionFinding[]) => void;
}

export const START: number = Date.UTC(2026, 0, 5);
const HOUR_MS = 3_600_000;

const KINDS: readonly (readonly [InteractionKind, number])[] = [
  ["neutral", 40],
  ["positive", 28],
  ["negative", 7],
  ["code_update", 4],
  ["error", 7],
  ["successful_help", 7],
  ["refusal", 3],
  ["long_idle", 2],
  ["rapid_errors", 2],
];

/** Lives for some hours, watched. Returns all findings. */
export function liveWeek(life: Life): readonly EmotionFinding[] {
  const { companion, monitor, told, hours, lookMs = 60_000, jitterMs = 0, platforms = [], onLook } = life;
  const random = new SeededRandom(life.seed).stream(life.pattern);
  const gaps = random.stream("gaps");
  const kinds = random.stream("kinds");
  const late = random.stream("late");
  const end = START + hours * HOUR_MS;
  const crashes = (life.crashes ?? []).map(({ atHours, offMs }) => ({
    at: START + atHours * HOUR_MS,
    offMs,
  }));
  const findings: EmotionFinding[] = [];
  let causes: string[] = [];
  let looks = 0;
  let nextMessage = START + gapMs(life.pattern, gaps, START);
  let nextLook = START;
  const look = (now: number): void => {
    const platform = platforms.length > 0 ? platforms[looks++ % platforms.length] : undefined;
    const options: ObserveOptions = {
      timestamp: now,
      platform,
      cause: told ? (causes.length > 0 ? causes : "none") : undefined,
    };
    const fresh = monitor.observe(companion.read(now, platform), options);
    causes = [];
    findings.push(...fresh);
    onLook?.(now, fresh);
  };
  for (;;) {
    const now = Math.min(nextMessage, nextLook);
    if (now >= end) return findings;
    const crash = crashes[0];
    if (crash && now >= crash.at) {
      crashes.shift();
      companion.age(crash.at);
      companion.crash(crash.at);
      companion.start(crash.at + crash.offMs);
      causes.push("restart");
      nextMessage = Math.max(nextMessage, crash.at + crash.offMs + 60_000);
      nextLook = Math.max(nextLook, crash.at + crash.offMs + 5000);
      continue;
    }
    companion.age(now);
    if (nextMessage <= nextLook) {
      const kind = draw(kinds);
      companion.interact(kind, now);
      causes.push(kind);
      nextMessage = now + gapMs(life.pattern, gaps, now);
      if (life.looksAtMessages) look(now);
    } else {
      look(now);
      nextLook += lookMs + (jitterMs > 0 ? late.integer(0, jitterMs) : 0);
    }
  }
}

function gapMs(pattern: LifePattern, random: SeededRandom, now: number): number {
  switch (pattern) {
    case "silent":
      return Infinity;
    case "stress":
      return 1 + Math.round(random.exponential(1000));
    case "active": {
      const gap = Math.max(1, Math.round(random.exponential(30_000)));
      const next = now + gap - START;
      const intoDay = next % (24 * HOUR_MS);
      return intoDay < 8 * HOUR_MS ? gap : gap + 24 * HOUR_MS - intoDay;
    }
    case "sporadic":
      // Pareto between 10 min and a day
      return Math.min(24 * HOUR_MS, Math.round(600_000 / (1 - random.next()) ** (1 / 0.9)));
    default:
      return Math.max(1, Math.round(random.exponential(300_000)));
  }
}

function draw(random: SeededRandom): InteractionKind {
  let left = random.next() * 100;
  for (const [kind, weight] of KINDS) if ((left -= weight) < 0) return kind;
  return "neutral";
}
