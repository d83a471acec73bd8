import { suite, test } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import { type QueuedTimer, TimerQueue } from "../../lib/base/_timer_queue.ts";

type Operation =
  | { readonly kind: "add"; readonly due: number }
  | { readonly kind: "remove"; readonly which: number }
  | { readonly kind: "take"; readonly time: number }
  | { readonly kind: "look"; readonly time: number };

const moment = fc.integer({ min: 0, max: 20 });
const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("add" as const), due: moment }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("remove" as const), which: fc.nat() }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("take" as const), time: moment }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("look" as const), time: moment }) },
);

/** The same by sorting a list. */
class SortedTimers {
  waiting: QueuedTimer[] = [];

  next(time: number): QueuedTimer | undefined {
    this.waiting.sort((a, b) => a.due - b.due || a.sequence - b.sequence);
    return this.waiting.find(({ due }) => due <= time);
  }

  remove(timer: QueuedTimer | undefined): void {
    this.waiting = this.waiting.filter((each) => each !== timer);
  }
}

suite("TimerQueue", () => {
  test("gives what a sorted list gives, whatever is added, removed and taken", () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 400, size: "max" }), (operations) => {
        const [queue, model, all] = [new TimerQueue(), new SortedTimers(), [] as QueuedTimer[]];
        for (const each of operations) {
          if (each.kind === "add") {
            const timer = queue.add(each.due, () => {});
            all.push(timer);
            model.waiting.push(timer);
          } else if (each.kind === "remove") {
            const timer = all[each.which % all.length]; // perhaps one that was taken or removed before
            timer?.cancel();
            model.remove(timer);
          } else if (each.kind === "look") {
            assert.equal(queue.nextDue(each.time), model.next(each.time)?.due);
          } else {
            const expected = model.next(each.time);
            assert.equal(queue.takeDue(each.time), expected);
            model.remove(expected);
          }
          assert.equal(queue.size, model.waiting.length);
        }
      }),
      { numRuns: 300 },
    );
  });

  test("lets go of timers that were cancelled, without their time having come", () => {
    const queue = new TimerQueue();
    const kept = Array.from({ length: 100 }, (_, i) => queue.add(1000 + i, () => {}));
    for (let i = 0; i < 10_000; i++) queue.add(5000, () => {}).cancel();
    assert.equal(queue.size, 100);
    for (const timer of kept) assert.equal(queue.takeDue(Infinity), timer);
    assert.equal(queue.takeDue(Infinity), undefined);
  });
});
