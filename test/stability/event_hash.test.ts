import { test } from "node:test";
import assert from "node:assert/strict";
import { pocketDemi } from "../../examples/demi/pocket_demi.ts";
import { runOnce, WEEKLY_FAULTS } from "./_runs.ts";

// Seen on Node 26, Deno 2 and Bun 1. What changes what Demi or the mocks say changes it; what differs between
// runtimes must not.
const HASH = "3bdf38d23e61b9f41f4d00270160ed1a4352e07922c58f67f09f0bf790d9d351";

test("one seed has one event hash on every runtime", async () => {
  const { eventHash, messages } = await runOnce({
    companion: pocketDemi,
    durationHours: 5,
    pattern: { messagesPerHour: 30 },
    seed: 7,
    faults: WEEKLY_FAULTS,
    stopWhenHopeless: false,
  });
  assert.ok(messages.answered > 100, String(messages.answered));
  assert.equal(eventHash, HASH);
});
