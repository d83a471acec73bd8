import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { DeadlineError } from "../../lib/base/deadline.ts";
import { VirtualClock } from "../../lib/base/virtual_clock.ts";
import { CallLog } from "../../lib/mocks/call_log.ts";

suite("CallLog", () => {
  test("keeps the last calls with their number and time", async () => {
    const clock = new VirtualClock({ startMs: 0 });
    const log = new CallLog<{ path: string }>({ capacity: 2, clock });
    for (const path of ["/a", "/b", "/c"]) {
      await clock.advance(10);
      log.record({ path });
    }
    assert.deepEqual(
      [...log],
      [
        { path: "/b", sequence: 1, at: 20 },
        { path: "/c", sequence: 2, at: 30 },
      ],
    );
    assert.equal(log.total, 3);
  });

  test("waitFor() gives the next match and ends with its deadline or signal", async () => {
    const clock = new VirtualClock();
    const log = new CallLog<{ path: string }>({ clock });
    log.record({ path: "/b" });
    const waiting = log.waitFor(({ path }) => path === "/b");
    log.record({ path: "/a" });
    log.record({ path: "/b" });
    assert.equal((await waiting).sequence, 2);

    const late = assert.rejects(
      log.waitFor(() => true, { timeoutMs: 100 }),
      DeadlineError,
    );
    await clock.advance(100);
    await late;
    await assert.rejects(
      log.waitFor(() => true, { signal: AbortSignal.abort("enough") }),
      (reason) => reason === "enough",
    );
  });
});
