import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { renderTextReport } from "../../../lib/reports/text_report.ts";
import { describeRecovery } from "../../../lib/stability/recovery/describe_recovery.ts";
import type { RecoveryCaseResult, RecoveryReport } from "../../../lib/stability/recovery/recovery_report.ts";

const PASSED: RecoveryCaseResult = {
  name: "graceful restart",
  proves: "It goes on.",
  outcome: "passed",
  sentence: "came back in 1 of 1 rounds with all 4 messages that were answered",
  rounds: [{ round: 0, outcome: "passed", did: "stopped at rest", sentences: [] }],
  acknowledged: 4,
  timeToRecoverMs: { count: 1, p50: 540, p95: 540, max: 540 },
  durationMs: 1000,
};
const FAILED: RecoveryCaseResult = {
  name: "power loss",
  proves: "What was answered was synced before.",
  outcome: "failed",
  sentence: "power lost: 1 of 4 messages is lost",
  rounds: [
    { round: 0, outcome: "passed", did: "power lost at rest", sentences: [] },
    { round: 1, outcome: "failed", did: "power lost", sentences: ["1 of 4 messages is lost", "and another"] },
  ],
  acknowledged: 4,
  durationMs: 1000,
};

function written(...cases: readonly RecoveryCaseResult[]): string {
  const report: RecoveryReport = { outcome: "defect", cases, seed: "7", roundsPerCase: 2, durationMs: 2000 };
  return renderTextReport(describeRecovery(report, 0)).replaceAll(/\s+/g, " ");
}

suite("describeRecovery()", () => {
  test("says how all stands, and of each case how it came back", () => {
    const text = written(PASSED, FAILED);
    assert.match(text, /1 of 2 cases passed, 1 failed, 0 not possible here, 0 without evidence/);
    assert.match(text, /graceful restart.*passed.*540 ms \(p50\)/);
  });

  test("has what was wrong in each failed round, and how to see it again", () => {
    const text = written(PASSED, FAILED);
    assert.match(text, /Round 2, power lost: 1 of 4 messages is lost; and another/);
    assert.match(text, /new RecoveryTest\(\{ companion, cases: \["power loss"\], seed: "7", rounds: 2 \}\)/);
  });

  test("what never came back has no time, and not 0", () => {
    assert.match(written(FAILED), /power loss.*failed.*no data/);
  });
});
