// Companions that are not Demi: emotions of their own that decay whenever they are asked, looked at at any moment.
import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { SeededRandom } from "../../lib/base/random.ts";
import {
  type EmotionFinding,
  EmotionMonitor,
  type EmotionProfile,
  continuousDecay,
} from "demi-health/emotion";

const HOUR = 3_600_000;
const NAMES = ["joy", "anger", "fear", "trust"] as const;
const HALF_LIVES = Object.fromEntries(NAMES.map((name) => [name, HOUR]));
const PROFILE: EmotionProfile = {
  name: "four feelings",
  emotions: NAMES,
  range: { min: 0, max: 100 },
  decay: continuousDecay(HALF_LIVES),
};

/** How a life goes wrong from its second day on. */
type Defect = (values: Record<string, number>, elapsedMs: number) => void;

interface Life {
  readonly seed: string;
  readonly profile?: EmotionProfile;
  /** Whether the monitor is told when somebody spoke to it. */
  readonly isTold: boolean;
  readonly defect?: Defect;
}

/** Three days with users by day; looks every 5 s to an hour. */
function live({ seed, profile = PROFILE, isTold, defect }: Life): readonly EmotionFinding[] {
  const random = new SeededRandom(seed);
  const monitor = new EmotionMonitor({ profile, causesAreTold: isTold });
  const values: Record<string, number> = Object.fromEntries(NAMES.map((name) => [name, 0]));
  const findings: EmotionFinding[] = [];
  const start = Date.UTC(2026, 0, 1);
  for (let time = start; time < start + 72 * HOUR;) {
    const elapsedMs = Math.round(5000 + random.next() ** 3 * HOUR);
    time += elapsedMs;
    for (const name of NAMES) values[name]! *= 0.5 ** (elapsedMs / HALF_LIVES[name]!);
    let cause: string | undefined;
    const isDay = (time / HOUR) % 24 > 8 && (time / HOUR) % 24 < 23;
    if (isDay && random.next() < elapsedMs / 600_000) {
      const name = NAMES[random.integer(0, 3)]!;
      values[name] = Math.min(100, values[name]! + 5 + 20 * random.next());
      cause = "message";
    }
    if (time > start + 24 * HOUR) defect?.(values, elapsedMs);
    findings.push(...monitor.observe(values, { timestamp: time, ...(isTold && { cause }) }));
  }
  return findings;
}

suite("EmotionMonitor on a companion that decays whenever it is asked", () => {
  test("has nothing to say of healthy lives, with the model or without, told of interactions or not", () => {
    const { decay: _decay, ...unmodelled } = PROFILE;
    for (let seed = 0; seed < 6; seed++) {
      for (const profile of [PROFILE, unmodelled]) {
        for (const isTold of [false, true]) {
          const found = live({ seed: `healthy ${seed}`, profile, isTold });
          assert.deepEqual(
            found.map(({ message }) => message),
            [],
          );
        }
      }
    }
  });

  const faster: Defect = (values, ms) => void (values["joy"]! *= 0.5 ** (ms / HOUR));
  const slower: Defect = (values, ms) =>
    void (values["fear"] = Math.min(90, values["fear"]! / 0.5 ** (ms / HOUR)));
  const still: Defect = (values) => void Object.assign(values, { joy: 30, anger: 20, fear: 10, trust: 40 });
  const defects: readonly (readonly [string, RegExp, Omit<Life, "seed">])[] = [
    ["decay twice as fast", /decay-off-model/, { isTold: true, defect: faster }],
    ["no decay of one", /stuck|decay-off-model/, { isTold: true, defect: slower }],
    ["that all stand still", /stuck|decay-off-model/, { isTold: true, defect: still }],
    ["that all stand still, told of nothing", /stuck/, { isTold: false, defect: still }],
    [
      "one above its bound",
      /out-of-bounds/,
      { isTold: false, defect: (values) => void (values["anger"] = 100.5) },
    ],
    [
      "one below its bound",
      /out-of-bounds/,
      { isTold: false, defect: (values) => void (values["trust"] = -1) },
    ],
  ];
  for (const [name, kind, life] of defects) {
    test(`finds ${name}`, () => {
      const found = live({ seed: "defect", ...life });
      assert.match(found.map((finding) => finding.kind).join(" "), kind);
    });
  }

  test("refuses a half-life that is none", () => {
    assert.throws(() => continuousDecay({ joy: 0 }), {
      name: "RangeError",
      message: "Cannot describe decay: half-life of 'joy' must be > 0 ms, got 0",
    });
  });
});
