import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { compareHeapSnapshots, type HeapSnapshotSummary } from "demi-health/memory";

function summaryOf(classes: Readonly<Record<string, readonly [number, number]>>): HeapSnapshotSummary {
  const listed = Object.entries(classes).map(([name, [count, selfBytes]]) => ({ name, count, selfBytes }));
  const total = { count: 0, selfBytes: 0 };
  return { ...total, classes: listed, others: { classes: 0, ...total } };
}

const BEFORE = summaryOf({ Session: [10, 400], "(string)": [100, 5000], Gone: [3, 96], Same: [1, 8] });
const AFTER = summaryOf({ Session: [30, 1200], "(string)": [90, 4000], Fresh: [1, 3200], Same: [1, 8] });

suite("compareHeapSnapshots()", () => {
  test("lists the classes that grew, the most growing first, with their shares", () => {
    assert.deepEqual(compareHeapSnapshots(BEFORE, AFTER), [
      {
        name: "Fresh",
        countBefore: 0,
        countAfter: 1,
        growthCount: 1,
        bytesBefore: 0,
        bytesAfter: 3200,
        growthBytes: 3200,
        share: 0.8,
      },
      {
        name: "Session",
        countBefore: 10,
        countAfter: 30,
        growthCount: 20,
        bytesBefore: 400,
        bytesAfter: 1200,
        growthBytes: 800,
        share: 0.2,
      },
    ]);
  });

  test("finds nothing where nothing grew", () => {
    assert.deepEqual(compareHeapSnapshots(BEFORE, BEFORE), []);
    assert.deepEqual(compareHeapSnapshots(AFTER, summaryOf({})), []);
  });

  test("keeps to its limits; shares stay those of the whole growth", () => {
    const names = (options: object): readonly string[] =>
      compareHeapSnapshots(BEFORE, AFTER, options).map(({ name, share }) => `${name} ${share}`);
    assert.deepEqual(names({ limit: 1 }), ["Fresh 0.8"]);
    assert.deepEqual(names({ minGrowthBytes: 801 }), ["Fresh 0.8"]);
    assert.deepEqual(names({ minGrowthBytes: 0 }).length, 2);
  });

  test("refuses summaries that were cut, and limits of nothing", () => {
    const cut = { ...AFTER, others: { classes: 7, count: 9, selfBytes: 100 } };
    const message =
      "Cannot compare heap snapshots: 'after' must be a summary of all 11 classes, got one of 4";
    assert.throws(() => compareHeapSnapshots(BEFORE, cut), { name: "RangeError", message });
    assert.throws(() => compareHeapSnapshots(cut, AFTER), /'before'/);
    for (const limit of [0, 1.5, NaN])
      assert.throws(() => compareHeapSnapshots(BEFORE, AFTER, { limit }), RangeError);
    for (const minGrowthBytes of [-1, NaN])
      assert.throws(() => compareHeapSnapshots(BEFORE, AFTER, { minGrowthBytes }), RangeError);
  });
});
