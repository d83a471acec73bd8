// Defects planted in pocket Demi's emotions, one at a time: each is found and called by its name, and the healthy
// companion over the same lives raises nothing.
import { suite, test } from "node:test";
import assert from "node:assert/strict";
import type { EmotionFinding } from "../../lib/emotion/emotion_finding.ts";
import { EmotionMonitor } from "../../lib/emotion/emotion_monitor.ts";
import { type LifePattern, liveWeek, START } from "./_live_week.ts";
import { PLANTED, type PlantedDefect } from "./_planted.ts";
import { SimulatedDemi } from "./_simulated_demi.ts";

const SEEDS = [1, 2, 3];
const HOURS = 16;

interface Circumstances {
  readonly seed: number;
  readonly told: boolean;
  readonly pattern?: LifePattern | undefined;
  readonly platforms?: readonly string[] | undefined;
  readonly offMs?: number | undefined;
}

function live(companion: SimulatedDemi, circumstances: Circumstances): readonly EmotionFinding[] {
  const { seed, told, pattern = "casual", platforms = [], offMs } = circumstances;
  const monitor = new EmotionMonitor({ causesAreTold: told });
  const often = [1, 2, 3, 4, 5, 6, 7].map((atHours) => ({ atHours, offMs: offMs ?? 0 }));
  const crashes = offMs === undefined ? [{ atHours: 8, offMs: 7_200_000 }] : often;
  return liveWeek({ companion, monitor, seed, pattern, hours: HOURS, told, platforms, crashes });
}

function assertNamed({ kind, emotions = [] }: PlantedDefect, findings: readonly EmotionFinding[]): void {
  const named = findings.filter((finding) => finding.kind === kind);
  assert.ok(named.length > 0, `not found as ${kind}: ${findings.map((finding) => finding.kind).join(", ")}`);
  const seen = new Set(named.flatMap(({ deviations }) => deviations.map(({ emotion }) => emotion)));
  for (const emotion of emotions) assert.ok(seen.has(emotion), `${emotion} is not named`);
  for (const { message, seeAgain, before } of named) {
    assert.match(message, /seen at 2026-01-0\dT/);
    assert.ok(seeAgain.length > 10);
    assert.ok(before);
  }
}

suite("EmotionMonitor, with a defect planted in the companion", () => {
  for (const defect of PLANTED) {
    test(`${defect.name}: ${defect.kind}`, () => {
      for (const seed of SEEDS) {
        const findings = live(defect.make(START), { ...defect, seed, told: true });
        assertNamed(defect, findings);
        // nothing else is accused first
        const allowed = [defect.kind, ...(defect.also ?? [])];
        assert.ok(
          allowed.includes(findings[0]!.kind),
          `called ${findings[0]!.kind} first: ${findings[0]!.message}`,
        );
      }
    });
  }

  for (const defect of PLANTED.filter(({ findableUntold }) => findableUntold)) {
    test(`${defect.name}, nobody telling what happens: ${defect.kind}`, () => {
      for (const seed of SEEDS)
        assertNamed(defect, live(defect.make(START), { ...defect, seed, told: false }));
    });
  }
});

suite("EmotionMonitor, with a healthy companion", () => {
  const lives = PLANTED.map(({ pattern, platforms, offMs }) => JSON.stringify({ pattern, platforms, offMs }));
  for (const life of new Set(lives)) {
    for (const told of [true, false]) {
      test(`raises nothing in the lives ${life}, causes ${told ? "told" : "not told"}`, () => {
        for (const seed of [...SEEDS, 4, 5]) {
          const findings = live(new SimulatedDemi(START), { ...(JSON.parse(life) as object), seed, told });
          assert.deepEqual(
            findings.map(({ message }) => message),
            [],
          );
        }
      });
    }
  }
});
