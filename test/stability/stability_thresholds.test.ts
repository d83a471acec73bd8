import { suite, test } from "node:test";
import assert from "node:assert/strict";
import {
  checkThresholds,
  DEFAULT_THRESHOLDS,
  type Measurements,
  type ThresholdMetric,
} from "../../lib/stability/stability_thresholds.ts";

const NOTHING = Object.fromEntries(
  DEFAULT_THRESHOLDS.map(({ metric }) => [metric, undefined]),
) as unknown as Measurements;

function standing(metric: ThresholdMetric, value: number, failed = 0, messagesLeft = 0): string {
  const remaining = { messagesLeft, messagesCounted: 1000, failed };
  const results = checkThresholds(DEFAULT_THRESHOLDS, { ...NOTHING, [metric]: value }, remaining);
  const { outcome, isHopeless } = results.find((each) => each.metric === metric)!;
  return isHopeless ? `${outcome}, hopeless` : outcome;
}

suite("checkThresholds()", () => {
  test("nothing measured is no data, and not 0", () => {
    const remaining = { messagesLeft: 10, messagesCounted: 0, failed: 0 };
    for (const { outcome, value } of checkThresholds(DEFAULT_THRESHOLDS, NOTHING, remaining)) {
      assert.deepEqual([outcome, value], ["no-data", undefined]);
    }
  });

  test("a bound itself is met, more is not, and what is no number is not", () => {
    assert.equal(standing("p90ResponseMs", 3000), "met");
    assert.equal(standing("p90ResponseMs", 3000.1), "broken");
    assert.equal(standing("p90ResponseMs", NaN), "broken");
  });

  test("what never falls again is hopeless; response times can mend", () => {
    assert.equal(standing("maxRssBytes", 10.1e9), "broken, hopeless");
    assert.equal(standing("unplannedRestarts", 1), "broken, hopeless");
    assert.equal(standing("p90ResponseMs", 9000), "broken");
  });

  test("failures are hopeless when all that is still to come could not outweigh them", () => {
    assert.equal(standing("errorRate", 0.02, 20, 1000), "broken");
    assert.equal(standing("errorRate", 0.02, 20, 999), "broken, hopeless");
  });
});
