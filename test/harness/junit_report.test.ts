import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { type ScenarioResult, toJUnit } from "demi-health/harness";

function resultOf(parts: Partial<ScenarioResult>): ScenarioResult {
  const basis = { name: "greeting", ok: true, outcome: "passed", durationMs: 1500, simulatedMs: 0 } as const;
  return { ...basis, seed: "1", steps: 1, violations: [], ...parts };
}

suite("toJUnit()", () => {
  test("counts and marks every outcome", () => {
    const xml = toJUnit([
      resultOf({}),
      resultOf({ outcome: "failed", error: "first\nsecond" }),
      resultOf({ outcome: "skipped", error: "it needs voice" }),
      resultOf({ outcome: "could-not-run", error: "no disk" }),
    ]);
    assert.match(xml, /tests="4" failures="1" errors="1" skipped="1" time="6\.000"/);
    assert.match(xml, /<failure message="first">first&#10;second<\/failure>/);
    assert.match(xml, /<skipped message="it needs voice">/);
    assert.match(xml, /<error message="no disk">/);
  });

  test("texts from outside stay texts, and what XML cannot hold is replaced", () => {
    const xml = toJUnit([
      resultOf({ name: `a"<b>&`, outcome: "failed", error: "\u0000\u001b[31m ]]> \ud800 😀" }),
    ]);
    assert.match(xml, /name="a&quot;&lt;b&gt;&amp; \(seed 1\)"/);
    assert.match(xml, />��\[31m \]\]&gt; � 😀</);
  });
});
