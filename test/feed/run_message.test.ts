import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { applyMessage, EMPTY_MODEL } from "../../lib/feed/feed_model.ts";
import { parseMessage } from "../../lib/feed/parse_message.ts";

const RUN = {
  time: 1,
  name: "Demi",
  mode: "virtual",
  state: "running",
  elapsedMs: 10,
  durationMs: 100,
  sent: 3,
  answered: 2,
  failed: 1,
  findings: 0,
  latestFindings: [],
  faults: [],
  verdicts: [],
};

suite("feed message run", () => {
  test("comes into the model, alone and in a snapshot", () => {
    const message = parseMessage("run", JSON.stringify(RUN));
    assert.equal(applyMessage(EMPTY_MODEL, message!, 5).run?.elapsedMs, 10);
    const snapshot = { time: 1, status: "ok", metrics: { time: 1, values: {} }, platforms: [], alerts: [] };
    const whole = parseMessage("snapshot", JSON.stringify({ ...snapshot, run: RUN }));
    assert.equal(applyMessage(EMPTY_MODEL, whole!, 5).run?.receivedAt, 5);
    const broken = parseMessage("snapshot", JSON.stringify({ ...snapshot, run: { ...RUN, sent: "many" } }));
    assert.equal(applyMessage(EMPTY_MODEL, broken!, 5).run, undefined);
  });

  test("is refused where it is none", () => {
    const wrong = [
      { state: 1 },
      { findings: null },
      { faults: [1] },
      { verdicts: [{ name: "x" }] },
      { leftMs: "1" },
    ];
    for (const change of wrong)
      assert.equal(
        parseMessage("run", JSON.stringify({ ...RUN, ...change })),
        undefined,
        JSON.stringify(change),
      );
  });
});
