import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { suite, test } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import { VirtualClock } from "../../lib/base/virtual_clock.ts";
import { MetricsStore } from "../../lib/store/metrics_store.ts";
import { temporaryFolder } from "./_temporary_folder.ts";

const START = Date.UTC(2026, 0, 1);
const KEYS = ["a", "b", 'c{x="1"}'];

type Step =
  | { readonly kind: "append"; readonly offset: number; readonly values: readonly (number | undefined)[] }
  | { readonly kind: "run"; readonly key: number; readonly count: number; readonly stepMs: number }
  | { readonly kind: "reopen" };

const value = fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }));
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("append" as const),
      offset: fc.integer({ min: -7_000_000, max: 20_000 }),
      values: fc.array(fc.option(value, { nil: undefined }), { minLength: 3, maxLength: 3 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("run" as const),
      key: fc.nat(2),
      count: fc.integer({ min: 1, max: 900 }),
      stepMs: fc.integer({ min: 1, max: 15_000 }),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: "reopen" as const }) },
);

/** What a store is to know, kept in the plainest way. */
class Model {
  readonly samples = new Map<string, Map<number, number>>(KEYS.map((key) => [key, new Map()]));
  now = START;

  add(key: string, time: number, value: number): void {
    const series = this.samples.get(key)!;
    if (!series.has(time)) series.set(time, value);
  }

  points(key: string): (readonly [number, number])[] {
    return [...this.samples.get(key)!].sort(([a], [b]) => a - b);
  }

  rollups(key: string, stepMs: number): Map<number, readonly number[]> {
    const rows = new Map<number, number[]>();
    for (const [time, value] of this.points(key)) {
      const start = Math.floor(time / stepMs) * stepMs;
      const [min = value, max = value, count = 0] = rows.get(start) ?? [];
      rows.set(start, [Math.min(min, value), Math.max(max, value), count + 1, value]);
    }
    return rows;
  }
}

suite("MetricsStore against a model", () => {
  test("whatever comes, in whatever order, through saves and starts, is there once, and rollups sum it up", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
        await using folder = await temporaryFolder();
        const path = join(folder.path, "metrics.db");
        const clock = new VirtualClock();
        const model = new Model();
        let store = await MetricsStore.open({ path, clock });
        store.putState("test", 1); // else there is no file to look into
        const add = (time: number, samples: readonly (readonly [string, number])[]): void => {
          store.append(time, samples);
          for (const [key, sample] of samples) model.add(key, time, sample);
          model.now = Math.max(model.now, time);
        };
        for (const one of steps) {
          if (one.kind === "reopen") {
            await store.close();
            store = await MetricsStore.open({ path, clock });
          } else if (one.kind === "run") {
            for (let i = 0; i < one.count; i++) add(model.now + one.stepMs, [[KEYS[one.key]!, i * 0.25]]);
          } else {
            const given = one.values.flatMap((sample, i) =>
              sample === undefined ? [] : [[KEYS[i]!, sample] as const],
            );
            add(model.now + one.offset, given);
          }
        }
        for (const key of KEYS) {
          const expected = model.points(key).map(([time, v]) => [time, v + 0]); // the sign of a zero is not kept
          assert.deepEqual(
            store.query({ key, from: 0, to: Infinity }).map(([time, v]) => [time, v + 0]),
            expected,
          );
          assert.deepEqual(store.last(key)?.[0], expected.at(-1)?.[0]);
          assert.deepEqual(
            store.lastN(key, 7).map(([time]) => time),
            expected.slice(-7).map(([time]) => time),
          );
        }
        await store.close();
        using database = new DatabaseSync(path, { readOnly: true });
        for (const [table, stepMs] of [
          ["rollup_10m", 600_000],
          ["rollup_1h", 3_600_000],
        ] as const) {
          for (const key of KEYS) {
            const rows = database
              .prepare(
                `SELECT time, min, max, count, last FROM ${table} WHERE series = (SELECT id FROM series WHERE key = ?)`,
              )
              .all(key);
            const found = rows.map((row) => [row["time"], row["min"], row["max"], row["count"], row["last"]]);
            const expected = [...model.rollups(key, stepMs)].map(([time, row]) => [time, ...row]);
            assert.deepEqual(found.map(plain), expected.map(plain));
          }
        }
      }),
      { numRuns: 120 },
    );
  });
});

function plain(row: readonly unknown[]): number[] {
  return row.map((cell) => Number(cell) + 0);
}
