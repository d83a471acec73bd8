import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { PropertyChecks } from "../../lib/stability/property_checks.ts";

function outcomes(checks: PropertyChecks): Record<string, string> {
  return Object.fromEntries(checks.results.map(({ name, outcome }) => [name, outcome]));
}

suite("PropertyChecks", () => {
  test("what must always hold fails with its first failure, and goes on to count", () => {
    let now = 0;
    const checks = new PropertyChecks([], () => now);
    for (now = 1; now <= 10; now++) checks.always("below seven", now < 7, `at ${now}`);
    const [result] = checks.results;
    assert.deepEqual(result, {
      kind: "always",
      name: "below seven",
      outcome: "failed",
      looks: 10,
      hits: 4,
      firstAtMs: 7,
      details: "at 7",
    });
  });

  test("what must hold once, and places to be reached, are never-reached until then", () => {
    const declared = [
      { kind: "sometimes", name: "a long reply" },
      { kind: "reachable", name: "the retry path" },
      { kind: "always", name: "never looked at" },
    ] as const;
    const checks = new PropertyChecks(declared);
    checks.sometimes("a long reply", false);
    assert.deepEqual(new Set(Object.values(outcomes(checks))), new Set(["never-reached"]));
    checks.sometimes("a long reply", true);
    checks.reachable("the retry path");
    assert.deepEqual(outcomes(checks), {
      "a long reply": "held",
      "the retry path": "held",
      "never looked at": "never-reached",
    });
  });

  test("goes on from what was counted before", () => {
    const first = new PropertyChecks([], () => 5);
    first.always("true", false, "why");
    first.sometimes("once", true);
    const second = new PropertyChecks([], () => 9);
    second.restore(JSON.parse(JSON.stringify(first.results)));
    second.always("true", false, "later");
    assert.deepEqual(
      second.results.map(({ looks, hits, firstAtMs }) => [looks, hits, firstAtMs]),
      [
        [2, 2, 5],
        [1, 1, 5],
      ],
    );
    assert.equal(second.results[0]!.details, "why");
  });

  test("one name is one kind, and there are not endless names", () => {
    const checks = new PropertyChecks();
    checks.always("one", true);
    assert.throws(() => checks.sometimes("one", true), /'one' must be always, got sometimes/);
    assert.throws(() => {
      for (let i = 0; i < 2000; i++) checks.reachable(`place ${i}`);
    }, /at most 1000/);
  });
});
