import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { VirtualClock } from "../../lib/base/virtual_clock.ts";
import { formatViolation, ViolationLog } from "../../lib/mocks/violations.ts";

const FOUND = {
  rule: "no-backoff",
  subject: "POST /api/chat",
  message: "It tried 8 times without a pause; pauses must grow",
  evidence: [{ at: Date.UTC(2026, 0, 1), what: "attempt 1" }],
} as const;

suite("ViolationLog", () => {
  test("the same rule about the same subject is one violation, counted, with its first evidence", async () => {
    const clock = new VirtualClock();
    const log = new ViolationLog({ source: "ollama", clock });
    log.record(FOUND);
    await clock.advance(1000);
    log.record({ ...FOUND, evidence: [] });
    log.record({ ...FOUND, subject: "POST /api/generate" });
    const [first, second] = [...log];
    assert.deepEqual([first?.count, first?.evidence.length, first?.at], [2, 1, clock.now()]);
    assert.equal(second?.subject, "POST /api/generate");
    assert.deepEqual([log.length, log.total], [2, 3]);
  });

  test("is bounded: the oldest are forgotten", () => {
    const log = new ViolationLog({ source: "ollama", capacity: 2 });
    for (const subject of ["a", "b", "c"]) log.record({ ...FOUND, subject });
    assert.deepEqual(
      [...log].map(({ subject }) => subject),
      ["b", "c"],
    );
    log.clear();
    assert.equal([...log].length, 0);
  });

  test("reads as a sentence with what shows it", () => {
    const log = new ViolationLog({ source: "ollama" });
    log.record(FOUND);
    const [violation] = log;
    assert.equal(
      formatViolation(violation!),
      "ollama: no-backoff: It tried 8 times without a pause; pauses must grow\n    2026-01-01T00:00:00.000Z attempt 1",
    );
  });
});
