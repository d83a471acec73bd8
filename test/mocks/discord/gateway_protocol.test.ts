import { suite, test } from "node:test";
import assert from "node:assert/strict";
import {
  extraHeartbeats,
  type GatewayAction,
  type GatewayState,
  openingState,
  stepGateway,
} from "../../../lib/mocks/discord/_gateway_protocol.ts";

const RULES = { token: "a.b.c", allowedIntents: 0b1000000001, shards: 1 };
const opened = openingState(0);
const authenticated: GatewayState = { ...opened, authenticated: true };

function act(state: GatewayState, frame: unknown, nowMs = 0): GatewayAction {
  return stepGateway(state, typeof frame === "string" ? frame : JSON.stringify(frame), nowMs, RULES).action;
}
function closeCode(action: GatewayAction): number | undefined {
  return action.type === "close" ? action.close[0] : undefined;
}

// Codes and causes: https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway
suite("stepGateway()", () => {
  const identify = { op: 2, d: { token: "a.b.c", intents: 1 } };
  for (const [cause, state, frame, code] of [
    ["an unknown opcode", opened, { op: 99 }, 4001],
    ["text that is no JSON", opened, "{", 4002],
    ["a payload without an opcode", opened, { d: 1 }, 4002],
    ["a payload of more than 4096 bytes", opened, { op: 1, d: "x".repeat(4096) }, 4002],
    ["a presence before IDENTIFY", opened, { op: 3, d: {} }, 4003],
    ["a wrong token", opened, { op: 2, d: { token: "x", intents: 1 } }, 4004],
    ["a wrong token in RESUME", opened, { op: 6, d: { token: "x", session_id: "s", seq: 1 } }, 4004],
    ["a second IDENTIFY", authenticated, identify, 4005],
    [
      "a sequence that is no number",
      opened,
      { op: 6, d: { token: "a.b.c", session_id: "s", seq: "1" } },
      4007,
    ],
    ["a shard outside its count", opened, { op: 2, d: { token: "a.b.c", intents: 1, shard: [2, 2] } }, 4010],
    ["undefined intents", opened, { op: 2, d: { token: "a.b.c", intents: 1 << 30 } }, 4013],
    ["no intents", opened, { op: 2, d: { token: "a.b.c" } }, 4013],
    ["disallowed intents", opened, { op: 2, d: { token: "a.b.c", intents: 2 } }, 4014],
  ] as const) {
    test(`${cause} closes with ${code}`, () => assert.equal(closeCode(act(state, frame)), code));
  }

  test("a binary frame closes with 4002", () => {
    assert.equal(closeCode(stepGateway(opened, undefined, 0, RULES).action), 4002);
  });

  test("takes IDENTIFY with a bare token or one behind `Bot`, without a shard", () => {
    assert.deepEqual(act(opened, identify), {
      type: "identify",
      identify: { intents: 1, shard: [0, 1], compress: false, library: "" },
    });
    assert.equal(
      act(opened, { op: 2, d: { token: "Bot a.b.c", intents: 1, presence: null } }).type,
      "identify",
    );
  });

  test("acknowledges a heartbeat before IDENTIFY", () => {
    assert.deepEqual(act(opened, { op: 1, d: null }), { type: "beat" });
  });

  test("the 121st event within a minute closes with 4008, a minute later it does not", () => {
    let state = opened;
    for (let i = 0; i < 120; i++) state = stepGateway(state, `{"op":1}`, 59_999, RULES).state;
    assert.equal(closeCode(act(state, { op: 1 }, 59_999)), 4008);
    const lively = { ...RULES, extraHeartbeats: extraHeartbeats(500) };
    assert.equal(stepGateway(state, `{"op":1}`, 59_999, lively).action.type, "beat");
    assert.deepEqual([extraHeartbeats(500), extraHeartbeats(41_250)], [118, 0]);
    assert.equal(act(state, { op: 1 }, 60_000).type, "beat");
  });
});
