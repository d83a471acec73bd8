import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { EventLedger, type LogicalEvent } from "../../lib/stability/_event_ledger.ts";

const EVENTS: readonly LogicalEvent[] = [
  { atMs: 5, stream: "sent", sequence: 0, data: "Hello" },
  { atMs: 5, stream: "answered", sequence: 0, data: "Hi" },
  { atMs: 9.25, stream: "sent", sequence: 1, data: null },
  { atMs: 9.25, stream: "sent", sequence: 2, data: [1, 2] },
];

function hashOf(...pieces: readonly (readonly LogicalEvent[])[]): string {
  const ledger = new EventLedger();
  for (const piece of pieces) {
    for (const event of piece) ledger.add(event);
    ledger.settle();
  }
  return ledger.hash;
}

suite("EventLedger", () => {
  test("does not mind in which order events of one moment came in, nor where the run was cut", () => {
    const whole = hashOf(EVENTS);
    assert.equal(hashOf(EVENTS.toReversed()), whole);
    assert.equal(hashOf(EVENTS.slice(0, 2), EVENTS.slice(2)), whole);
    assert.equal(hashOf([], EVENTS, []), whole);
    // the same in Python: h = '0'*64; for line: h = sha256((h + '\n' + line).encode()).hexdigest(), with the lines
    // [5000,"answered",0,"Hi"] [5000,"sent",0,"Hello"] [9250,"sent",1,null] [9250,"sent",2,[1,2]]
    assert.equal(whole, "bab9d7d20df51e68279f76382dd18d36277eff512d1fdaa5b3fd0d1e4a9fee53");
  });

  test("sees another text, another time, another order", () => {
    const whole = hashOf(EVENTS);
    const [first, ...others] = EVENTS as [LogicalEvent, ...LogicalEvent[]];
    assert.notEqual(hashOf([{ ...first, data: "hello" }, ...others]), whole);
    assert.notEqual(hashOf([{ ...first, atMs: 5.001 }, ...others]), whole);
    assert.notEqual(hashOf([{ ...first, sequence: 7 }, ...others]), whole);
    assert.notEqual(hashOf(others), whole);
  });

  test("goes on where another left off", () => {
    const first = new EventLedger();
    for (const event of EVENTS.slice(0, 2)) first.add(event);
    first.settle();
    const second = new EventLedger({ hash: first.hash, count: first.count });
    for (const event of EVENTS.slice(2)) second.add(event);
    second.settle();
    assert.equal(second.hash, hashOf(EVENTS));
    assert.equal(second.count, 4);
  });
});
