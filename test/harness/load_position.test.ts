import { suite, test } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type Arrival,
  DEFAULT_MESSAGE_MIX,
  LOAD_PATTERN_NAMES,
  LoadGenerator,
  type LoadGeneratorOptions,
  type LoadPattern,
  type LoadPlan,
  type LoadPosition,
  WIDE_MESSAGE_MIX,
} from "demi-health/harness";

const HOUR_MS = 3_600_000;
const PATTERN_HOURS = { active: 40, casual: 100, sporadic: 1000, stress: 0.2 } as const;

const named = fc.constantFrom(...LOAD_PATTERN_NAMES);
const custom: fc.Arbitrary<LoadPattern> = fc.record({
  messagesPerHour: fc.double({ min: 1, max: 60, noNaN: true }),
  timeOfDay: fc.option(
    fc.record({
      weights: fc
        .array(fc.nat(9), { minLength: 24, maxLength: 24 })
        .map((weights) => [...weights.slice(1), 1]),
      utcOffsetHours: fc.double({ min: -12, max: 14, noNaN: true }),
    }),
    { nil: undefined },
  ),
  bursts: fc.option(
    fc.record({
      messages: fc.double({ min: 1, max: 12, noNaN: true }),
      gapMs: fc.constantFrom(5000, 90_000, 1_800_000),
    }),
    { nil: undefined },
  ),
});
const common = {
  users: fc.oneof(fc.integer({ min: 1, max: 7 }), fc.constant(["ada", "grace"])),
  platforms: fc.constantFrom({ discord: 1 }, { discord: 1, android: 2 }),
  kinds: fc.constantFrom(DEFAULT_MESSAGE_MIX, WIDE_MESSAGE_MIX, { "long-gap": 1, question: 5 }),
};
const seed = fc.oneof(fc.integer(), fc.string());

interface Planned {
  readonly options: LoadGeneratorOptions;
  readonly durationMs: number;
}

/** Any plan of about a few hundred messages. */
const plans: fc.Arbitrary<Planned> = fc.oneof(
  fc.record({ pattern: named, seed, ...common }).map((options) => {
    return { options, durationMs: PATTERN_HOURS[options.pattern] * HOUR_MS };
  }),
  fc.record({ pattern: custom, seed, startMs: fc.nat(), ...common }).map((options) => {
    return { options, durationMs: 30 * HOUR_MS };
  }),
  fc
    .record({
      mix: fc.array(fc.record({ pattern: fc.oneof(named, custom), rate: fc.constant(1.5), ...common }), {
        minLength: 1,
        maxLength: 4,
      }),
      seed,
    })
    .map((options) => ({ options, durationMs: HOUR_MS / 2 })),
);

/** The first so many, and where the plan stands then. */
function read(plan: LoadPlan, count: number): { arrivals: Arrival[]; position: LoadPosition } {
  const arrivals: Arrival[] = [];
  const reading = plan[Symbol.iterator]();
  for (; count > 0; count--) {
    const next = reading.next();
    if (next.done) break;
    arrivals.push(next.value);
  }
  if (arrivals.length === 0) return { arrivals, position: plan.position };
  return { arrivals, position: JSON.parse(JSON.stringify(plan.position)) as LoadPosition };
}

suite("LoadPlan.position", () => {
  test("a plan that goes on from it gives exactly what the uninterrupted one gives", () => {
    fc.assert(
      fc.property(plans, fc.integer({ min: 0, max: 300 }), ({ options, durationMs }, count) => {
        const load = new LoadGenerator(options);
        const { arrivals, position } = read(load.plan(durationMs), count);
        const rest = [...load.plan(durationMs, { from: position })];
        assert.deepEqual([...arrivals, ...rest], [...load.plan(durationMs)]);
      }),
      { numRuns: 100 },
    );
  });

  test("holds over any number of interruptions, and over a later end", () => {
    fc.assert(
      fc.property(plans, fc.array(fc.nat(40), { maxLength: 8 }), ({ options, durationMs }, counts) => {
        const load = new LoadGenerator(options);
        const arrivals: Arrival[] = [];
        let from: LoadPosition | undefined;
        for (const count of counts) {
          const part = read(load.plan(durationMs / 2, { from }), count);
          arrivals.push(...part.arrivals);
          from = part.position;
        }
        const plan = load.plan(durationMs);
        assert.deepEqual([...arrivals, ...load.plan(durationMs, { from })], [...plan]);
      }),
      { numRuns: 40 },
    );
  });

  test("is before the first arrival until the plan is read, and reading the hash does not move it", () => {
    const plan = new LoadGenerator({ pattern: "active", seed: 1 }).plan(HOUR_MS);
    const start = plan.position;
    assert.equal(start.sequence, 0);
    const { position } = read(plan, 5);
    assert.equal(position.sequence, 5);
    assert.notEqual(plan.hash, "");
    assert.deepEqual(plan.position, position);
    assert.equal(read(plan, 2).position.sequence, 2, "a new reading begins anew");
  });

  test("is plain JSON that does not grow", () => {
    const plan = new LoadGenerator({ pattern: "stress" }).plan(HOUR_MS);
    const lengths = [10, 3000].map((count) => JSON.stringify(read(plan, count).position).length);
    assert.ok(lengths[1]! < lengths[0]! + 40, lengths.join(", "));
  });

  test("is refused by a plan of other options, and where it is damaged", () => {
    const load = new LoadGenerator({ pattern: "active", seed: 1 });
    const { position } = read(load.plan(HOUR_MS), 3);
    const [part] = position.parts;
    const wrong: readonly (readonly [LoadGenerator, LoadPosition, RegExp])[] = [
      [
        new LoadGenerator({ pattern: "active", seed: 2 }),
        position,
        /with the same options, [0-9a-f]{16}, got/,
      ],
      [new LoadGenerator({ pattern: "active", seed: 1, users: 4 }), position, /with the same options/],
      [load, { ...position, sequence: -1 }, /'from' must be a position/],
      [load, { ...position, parts: [] }, /'from' must be a position/],
      [load, { ...position, parts: [{ ...part!, activeMs: NaN }] }, /'from' must be a position/],
      [
        load,
        { ...position, parts: [{ ...part!, streams: { ...part!.streams, texts: [0, 0, 0, 0] } }] },
        /random state/,
      ],
    ];
    for (const [generator, from, message] of wrong) {
      assert.throws(() => generator.plan(HOUR_MS, { from }), { name: "RangeError", message });
    }
    assert.doesNotThrow(() =>
      new LoadGenerator({ pattern: "active", seed: "1" }).plan(9, { from: position }),
    );
  });
});
