import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { SeededRandom } from "../../lib/base/random.ts";
import { VirtualClock } from "../../lib/base/virtual_clock.ts";
import { EMOTION_NAMES } from "../../lib/emotion/emotional_state.ts";
import type { EmotionFinding } from "../../lib/emotion/emotion_finding.ts";
import { EmotionMonitor } from "../../lib/emotion/emotion_monitor.ts";
import { DEMI_PROFILE, type EmotionProfile } from "../../lib/emotion/emotion_profile.ts";
import { liveWeek, START } from "./_live_week.ts";
import { PLANTED } from "./_planted.ts";
import { SimulatedDemi } from "./_simulated_demi.ts";

const MINUTE = 60_000;
const MOOD: EmotionProfile = {
  name: "mood",
  emotions: ["valence", "arousal", "dominance"],
  range: { min: -1, max: 1 },
};

function calm(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return { ...Object.fromEntries(EMOTION_NAMES.map((name) => [name, 0.5])), ...changes };
}

function kinds(findings: readonly EmotionFinding[]): readonly string[] {
  return findings.map(({ kind }) => kind);
}

/** Feeds three axes of given inertia; `change` may do something to them. Returns all findings. */
function feedMood(
  monitor: EmotionMonitor,
  minutes: number,
  change: (values: number[], minute: number) => void = () => {},
): readonly EmotionFinding[] {
  const random = new SeededRandom(5);
  const level = [0, 0, 0];
  const findings: EmotionFinding[] = [];
  for (let minute = 0; minute < minutes; minute++) {
    for (let i = 0; i < 3; i++) level[i] = 0.8 * level[i]! + random.normal(0, 0.03);
    const shown = [...level];
    change(shown, minute);
    const [valence, arousal, dominance] = shown;
    findings.push(
      ...monitor.observe({ valence, arousal, dominance }, { timestamp: START + minute * MINUTE }),
    );
  }
  return findings;
}

suite("EmotionMonitor.observe()", () => {
  test("keeps what it was shown, whatever becomes of the object", () => {
    const monitor = new EmotionMonitor({ causesAreTold: true });
    const state = calm();
    monitor.observe(state, { timestamp: 0 });
    state["jealousy"] = 0.9; // the same object, changed behind its back
    const [finding] = monitor.observe(state, { timestamp: MINUTE });
    assert.equal(finding?.emotion, "jealousy");
    assert.equal(finding?.before?.values["jealousy"], 0.5);
  });

  test("names emotion, expected, seen, when and since when in one sentence", () => {
    const monitor = new EmotionMonitor({ causesAreTold: true });
    monitor.observe(calm(), { timestamp: START });
    const [finding] = monitor.observe(calm({ affection: 0.95 }), {
      timestamp: START + MINUTE,
      cause: "positive",
    });
    assert.equal(finding?.kind, "jump");
    assert.match(
      finding.message,
      /affection went from 0\.5 to 0\.95, expected 0\.\d+ to 0\.\d+ after 'positive'.*seen at 2026-01-05T00:01:00\.000Z, since 2026-01-05T00:00:00\.000Z \(1 min\)/,
    );
    assert.match(finding.seeAgain, /let 'positive' happen for 1 min, read affection/);
  });

  test("shows a one-step finding again to a new monitor, from the looks that it keeps", () => {
    const monitor = new EmotionMonitor({ causesAreTold: true });
    for (let minute = 0; minute < 4; minute++)
      monitor.observe(calm(), { timestamp: START + minute * MINUTE });
    const [finding] = monitor.observe(calm({ curiosity: 0.9 }), { timestamp: START + 4 * MINUTE });
    const again = new EmotionMonitor({ causesAreTold: true });
    for (const look of [finding!.before!, finding!.after]) {
      again.observe(look.values, { timestamp: look.timestamp });
    }
    assert.deepEqual(kinds(again.findings), ["jump"]);
  });

  test("a told cause allows its change and no more, an unknown message any one change", () => {
    const change = { excitement: 0.65, affection: 0.62, loneliness: 0.4, defensiveness: 0.42 };
    const findings = (cause: string | readonly string[]): readonly EmotionFinding[] => {
      const monitor = new EmotionMonitor({ causesAreTold: true });
      monitor.observe(calm(), { timestamp: 0 });
      return monitor.observe(calm(change), { timestamp: MINUTE, cause });
    };
    assert.deepEqual(kinds(findings("positive")), []);
    assert.deepEqual(kinds(findings("message")), []);
    assert.deepEqual(kinds(findings(["neutral", "positive"])), []);
    assert.deepEqual(kinds(findings("none")), ["change-without-cause"]);
    assert.ok(findings("negative").length > 0);
  });

  test("several causes between two looks compound", () => {
    const monitor = new EmotionMonitor();
    monitor.observe(calm(), { timestamp: 0 });
    const change = { excitement: 0.9, affection: 0.82, loneliness: 0.3, defensiveness: 0.3 };
    const cause = ["positive", "successful_help", "positive"];
    const shown = calm({
      ...change,
      frustration: 0.3,
      confidence: 0.65,
      affection: 0.84,
      defensiveness: 0.34,
    });
    assert.deepEqual(monitor.observe({ ...shown, excitement: 0.88 }, { timestamp: MINUTE, cause }), []);
  });

  test("an effect that shows one look after its cause is no finding", () => {
    const monitor = new EmotionMonitor({ causesAreTold: true });
    monitor.observe(calm(), { timestamp: 0 });
    monitor.observe(calm(), { timestamp: MINUTE, cause: "code_update" });
    const late = calm({ jealousy: 0.2, excitement: 0.6, affection: 0.65 });
    assert.deepEqual(monitor.observe(late, { timestamp: 2 * MINUTE }), []);
  });

  test("tells a finding once while it goes on, and again after an hour without it", () => {
    const monitor = new EmotionMonitor();
    const raised = [0, 1, 2, 3, 70].map((minute) => {
      const isBad = minute !== 0;
      const shown = calm(isBad ? { affection: 1.5 } : {});
      return monitor.observe(shown, { timestamp: minute * MINUTE }).length;
    });
    assert.deepEqual(raised, [0, 1, 0, 0, 1]);
    assert.equal(monitor.report().episodes[0]?.times, 4);
  });

  test("takes null, which JSON makes of NaN, and momentum that is NaN for what they are", () => {
    const monitor = new EmotionMonitor();
    const [finding] = monitor.observe(calm({ curiosity: null, momentum: { affection: NaN } }), {
      timestamp: 0,
    });
    assert.deepEqual(
      finding?.deviations.map(({ emotion, seen }) => [emotion, seen]),
      [
        ["curiosity", "NaN"],
        ["affection", 0.5],
      ],
    );
  });

  test("takes the time from its clock", () => {
    const clock = new VirtualClock({ startMs: START });
    const monitor = new EmotionMonitor({ clock });
    assert.equal(monitor.observe(calm({ affection: 2 }))[0]?.at, START);
  });

  test("a malformed look is a typed error and changes nothing", () => {
    const monitor = new EmotionMonitor();
    monitor.observe(calm(), { timestamp: 0 });
    const before = JSON.stringify(monitor.toJSON());
    const bad: readonly (readonly [unknown, object, RegExp])[] = [
      [undefined, {}, /'state' must be an object, got undefined/],
      [[], {}, /'state' must be an object/],
      [{ ...calm(), jealousy: "0.5" }, {}, /'jealousy' must be a number, got "0.5"/],
      [{ affection: 0.5 }, {}, /'loneliness' must be a number, got undefined/],
      [calm({ momentum: 3 }), {}, /'momentum' must be an object, got 3/],
      [calm({ lastUpdated: "soon" }), {}, /'lastUpdated' must be epoch ms or ISO 8601, got "soon"/],
      [calm(), { timestamp: NaN }, /'timestamp' must be epoch milliseconds, got NaN/],
      [calm(), { platform: 7 }, /'platform' must be a text, got 7/],
    ];
    for (const [state, options, message] of bad) {
      assert.throws(() => monitor.observe(state, { timestamp: MINUTE, ...options }), {
        name: "TypeError",
        message,
      });
    }
    assert.throws(() => monitor.observe(calm(), { timestamp: MINUTE, cause: "postive" }), {
      name: "RangeError",
      message: /'cause' must be one of positive, .*, restart, got "postive"/,
    });
    assert.equal(JSON.stringify(monitor.toJSON()), before);
  });
});

suite("EmotionMonitor, on ordinary trouble", () => {
  const healthy = (options: Partial<Parameters<typeof liveWeek>[0]>): readonly EmotionFinding[] =>
    liveWeek({
      companion: new SimulatedDemi(START),
      monitor: new EmotionMonitor({ causesAreTold: true }),
      seed: 11,
      pattern: "casual",
      hours: 48,
      told: true,
      ...options,
    });

  test("uneven sampling raises nothing", () => {
    for (const lookMs of [4000, 45_000, 300_000, 3_600_000]) {
      assert.deepEqual(kinds(healthy({ lookMs, jitterMs: lookMs / 2, hours: 24 })), [], `${lookMs} ms`);
    }
  });

  test("restarts and long silence raise nothing", () => {
    const crashes = [
      { atHours: 3, offMs: 2000 },
      { atHours: 9, offMs: 26 * 3_600_000 },
    ];
    assert.deepEqual(kinds(healthy({ crashes })), []);
    assert.deepEqual(kinds(healthy({ crashes, pattern: "silent" })), []);
  });

  test("ticks that come up to a second late raise nothing", () => {
    const random = new SeededRandom(8);
    class Late extends SimulatedDemi {
      override age(now: number): void {
        super.age(now - (random.chance(0.5) ? 1000 : 0));
      }
    }
    assert.deepEqual(kinds(healthy({ companion: new Late(START), lookMs: 30_000 })), []);
  });

  test("looks on several platforms and at every message raise nothing", () => {
    assert.deepEqual(
      kinds(healthy({ platforms: ["discord", "android", "voice"], looksAtMessages: true })),
      [],
    );
  });

  test("values rounded to two digits raise nothing, and a doubled decay is found in them", () => {
    const round = (value: number): number => Math.round(value * 100) / 100;
    const live = (companion: SimulatedDemi): readonly EmotionFinding[] => {
      const monitor = new EmotionMonitor({ causesAreTold: true });
      const rounded: Pick<EmotionMonitor, "observe"> = {
        observe: (state, options) => {
          const shown = Object.entries(state as Record<string, number>).map(([name, value]) => {
            return [name, EMOTION_NAMES.some((known) => known === name) ? round(value) : value];
          });
          return monitor.observe({ ...Object.fromEntries(shown), momentum: undefined }, options);
        },
      };
      return liveWeek({ companion, monitor: rounded, seed: 3, pattern: "casual", hours: 24, told: true });
    };
    assert.deepEqual(kinds(live(new SimulatedDemi(START))), []);
    const doubled = PLANTED.find(({ name }) => name === "decay is doubled")!;
    assert.ok(kinds(live(doubled.make(START))).includes("decay-off-model"));
  });

  test("a clock that is set back raises nothing and is gone on from", () => {
    const monitor = new EmotionMonitor({ causesAreTold: true });
    for (const minute of [600, 601, 10, 11]) {
      assert.deepEqual(monitor.observe(calm(), { timestamp: minute * MINUTE }), []);
    }
    assert.equal(monitor.observe(calm({ jealousy: 0.9 }), { timestamp: 12 * MINUTE }).length, 1);
  });
});

suite("EmotionMonitor, without a decay model", () => {
  test("says which checks are off, and that the others learn", () => {
    const { checks, verdict, needs } = new EmotionMonitor({ profile: MOOD }).report();
    const stateOf = (kind: string): string | undefined => checks.find((check) => check.kind === kind)?.state;
    assert.equal(stateOf("decay-off-model"), "off");
    assert.equal(stateOf("drift"), "learning");
    assert.equal(stateOf("out-of-bounds"), "on");
    assert.equal(verdict, "not-enough-evidence");
    assert.equal(needs, "30 more looks");
  });

  test("raises nothing over three ordinary days", () => {
    assert.deepEqual(kinds(feedMood(new EmotionMonitor({ profile: MOOD }), 4320)), []);
  });

  test("finds a level that moves, and names the axis and the direction", () => {
    const monitor = new EmotionMonitor({ profile: MOOD });
    const findings = feedMood(monitor, 3000, (values, minute) => {
      if (minute >= 2500) values[1]! -= 0.15;
    });
    assert.equal(findings[0]?.kind, "drift");
    assert.equal(findings[0].emotion, "arousal");
    assert.equal(findings[0].deviations[0]?.diagnosis, "downwards");
    assert.ok(findings[0].at <= START + 2560 * MINUTE);
  });

  test("does not take one outlier for a level", () => {
    const findings = feedMood(new EmotionMonitor({ profile: MOOD }), 3000, (values, minute) => {
      if (minute === 2500) values[0]! += 0.4;
    });
    assert.deepEqual(kinds(findings), []);
  });

  test("finds what goes up and down", () => {
    const findings = feedMood(new EmotionMonitor({ profile: MOOD }), 2600, (values, minute) => {
      if (minute >= 2500) values[2]! += minute % 2 === 0 ? 0.12 : -0.12;
    });
    assert.ok(findings.some(({ kind, emotion }) => kind === "oscillation" && emotion === "dominance"));
  });

  test("finds platforms that disagree, and values out of range", () => {
    const monitor = new EmotionMonitor({ profile: MOOD });
    const show = (valence: number, second: number, platform: string): readonly EmotionFinding[] =>
      monitor.observe({ valence, arousal: 0, dominance: 0 }, { timestamp: second * 1000, platform });
    const findings = [0, 60, 120].flatMap((second) => [
      ...show(0.1, second, "discord"),
      ...show(0.6, second + 1, "app"),
    ]);
    assert.deepEqual(kinds(findings), ["platforms-disagree"]);
    assert.deepEqual(kinds(show(-1.2, 200, "discord")), ["out-of-bounds"]);
  });
});

suite("EmotionMonitor.describe()", () => {
  test("measures home base, variability, inertia and instability", () => {
    const monitor = new EmotionMonitor({ profile: MOOD });
    feedMood(monitor, 6000);
    const [valence] = monitor.describe();
    // of an autoregression of 0.8 with innovations of 0.03: 0.03 / sqrt(1 - 0.64) and its mean squared step
    assert.ok(Math.abs(valence!.homeBase!) < 0.01);
    assert.ok(Math.abs(valence!.variability! - 0.05) < 0.004);
    assert.ok(Math.abs(valence!.inertia! - 0.8) < 0.03);
    assert.ok(Math.abs(valence!.mssd! - 2 * 0.05 ** 2 * 0.2) < 0.0001);
    assert.equal(valence!.rmssd, Math.sqrt(valence!.mssd!));
  });

  test("has no number where there was nothing to measure", () => {
    const [first] = new EmotionMonitor().describe();
    assert.deepEqual(first, {
      emotion: "loneliness",
      samples: 0,
      homeBase: undefined,
      variability: undefined,
      inertia: undefined,
      mssd: undefined,
      rmssd: undefined,
    });
  });
});

suite("EmotionMonitor.toJSON()", () => {
  const stale = PLANTED.find(({ name }) => name.startsWith("a reconnect"))!;

  test("goes on after a checkpoint as if nothing had been, to the last digit", () => {
    for (const atLook of [1, 100, 303]) {
      const whole = new EmotionMonitor({ causesAreTold: true });
      let resumed = new EmotionMonitor({ causesAreTold: true });
      let looks = 0;
      const both: Pick<EmotionMonitor, "observe"> = {
        observe: (state, options) => {
          if (looks++ === atLook) resumed = EmotionMonitor.fromJSON(JSON.parse(JSON.stringify(resumed)));
          assert.deepEqual(resumed.observe(state, options), whole.observe(state, options));
          return [];
        },
      };
      liveWeek({
        companion: stale.make(START),
        monitor: both,
        seed: 2,
        pattern: "casual",
        hours: 8,
        told: true,
      });
      assert.deepEqual(resumed.toJSON(), whole.toJSON());
      assert.ok(whole.findings.length > 0);
    }
  });

  test("goes on while it learns levels, and after", () => {
    for (const atMinute of [700, 1900]) {
      const whole = new EmotionMonitor({ profile: MOOD });
      let resumed = new EmotionMonitor({ profile: MOOD });
      feedMood(whole, 2200, (values, minute) => {
        if (minute === atMinute) resumed = EmotionMonitor.fromJSON(JSON.parse(JSON.stringify(resumed)));
        if (minute >= 2000) values[0]! += 0.2;
        const [valence, arousal, dominance] = values;
        resumed.observe({ valence, arousal, dominance }, { timestamp: START + minute * MINUTE });
      });
      assert.deepEqual(resumed.toJSON(), whole.toJSON());
      assert.equal(resumed.findings[0]?.kind, "drift");
    }
  });

  test("keeps a value that JSON cannot hold", () => {
    const monitor = new EmotionMonitor();
    monitor.observe(calm({ affection: NaN, curiosity: Infinity }), { timestamp: 0 });
    const again = EmotionMonitor.fromJSON(JSON.parse(JSON.stringify(monitor)));
    assert.deepEqual(again.findings, monitor.findings);
    assert.ok(Number.isNaN(again.findings[0]!.after.values["affection"]));
  });

  test("is bounded however much is found", () => {
    const monitor = new EmotionMonitor({ maxFindings: 5 });
    const platformOf = (i: number): string => `platform${i}`;
    for (let i = 0; i < 3000; i++) {
      const shown = calm({ [EMOTION_NAMES[i % 9]!]: i % 2 === 0 ? 7 : 0.02 * (i % 50) });
      monitor.observe(shown, { timestamp: i * 2 * 3_600_000, platform: platformOf(i) });
    }
    assert.equal(monitor.findings.length, 5);
    assert.ok(monitor.report().totalFindings > 1000);
    assert.ok(JSON.stringify(monitor).length < 100_000);
  });

  test("what is no checkpoint of it is a typed error", () => {
    const saved = JSON.parse(JSON.stringify(new EmotionMonitor())) as {
      version: number;
      state: { track: object };
    };
    for (const bad of [undefined, null, 7, {}, { ...saved, version: 99 }]) {
      assert.throws(() => EmotionMonitor.fromJSON(bad), {
        name: "TypeError",
        message: /^Cannot restore emotion monitor/,
      });
    }
    const broken = { ...saved, state: { ...saved.state, track: { ...saved.state.track, tickLow: "soon" } } };
    assert.throws(() => EmotionMonitor.fromJSON(broken), {
      name: "TypeError",
      message: /state\.track\.tickLow/,
    });
  });
});

suite("EmotionMonitor, its options", () => {
  test("a profile that contradicts itself is an error that says where", () => {
    const bad: readonly (readonly [object, RegExp])[] = [
      [{ emotions: [] }, /'emotions' must be/],
      [{ emotions: ["a", "a"] }, /'emotions' must be/],
      [{ range: { min: 1, max: 0 } }, /'range' must be/],
      [{ floors: { joy: 0.1 } }, /'floors' must be of emotions that the profile has, got "joy"/],
      [{ decay: { ...DEMI_PROFILE.decay, tickMs: 0 } }, /'decay\.tickMs' must be > 0/],
      [{ decay: { ...DEMI_PROFILE.decay, rates: { affection: 2 } } }, /'decay\.rates\.affection'/],
      [
        { interactions: { ...DEMI_PROFILE.interactions, deltas: { message: {} } } },
        /'interactions\.deltas' must be/,
      ],
    ];
    for (const [change, message] of bad) {
      const profile = { ...DEMI_PROFILE, ...change } as EmotionProfile;
      assert.throws(() => new EmotionMonitor({ profile }), { name: "RangeError", message });
    }
    assert.throws(() => new EmotionMonitor({ caution: 9 }), /'caution' must be in \[0\.5, 3\], got 9/);
    assert.throws(() => new EmotionMonitor({ trainingSamples: 10 }), RangeError);
  });

  test("states its false alarms and delays at its settings, between those that were measured", () => {
    const at = (caution: number): ReturnType<() => EmotionMonitor["falseAlarms"]> =>
      new EmotionMonitor({ profile: MOOD, caution }).falseAlarms;
    assert.ok(at(1).weeklyFalseAlarmRatio! <= 0.05);
    assert.ok(at(1).delayMinutes!["3"]! <= 40);
    assert.deepEqual(at(1).between, [1, 1]);
    assert.deepEqual(at(0.85).between, [0.8, 0.9]);
    assert.ok(at(0.85).weeklyFalseAlarmRatio! > at(1).weeklyFalseAlarmRatio!);
    assert.equal(at(2.5).weeklyFalseAlarmRatio, undefined);
    assert.match(at(2.5).limits.at(-1)!, /not measured at this caution/);
    const model = new EmotionMonitor({ causesAreTold: true }).falseAlarms;
    assert.equal(model.basis, "model");
    assert.ok(model.interval![1] <= 0.05);
  });

  test("a companion that decays by a share of its values is in order by a profile that says so", () => {
    const profile: EmotionProfile = { ...DEMI_PROFILE, decay: { ...DEMI_PROFILE.decay, shareOf: "value" } };
    const monitor = new EmotionMonitor({ profile, causesAreTold: true });
    const wrong = new EmotionMonitor({ causesAreTold: true });
    let values = Object.fromEntries(EMOTION_NAMES.map((name) => [name, 0.6]));
    for (let minute = 0; minute < 30; minute++) {
      if (minute % 5 === 0 && minute > 0) {
        const aged = EMOTION_NAMES.map((name) => {
          const floor = profile.floors![name]!;
          return [name, Math.max(floor, values[name]! * (1 - profile.decay!.rates[name]!))] as const;
        });
        values = Object.fromEntries(aged);
      }
      const options = { timestamp: minute * MINUTE, cause: "neutral" };
      assert.deepEqual(monitor.observe(values, options), []);
      wrong.observe(values, options);
    }
    assert.equal(wrong.findings[0]?.kind, "decay-off-model");
  });
});
