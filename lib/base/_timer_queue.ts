// This module is browser-safe.
import type { ClockTimer } from "./clock.ts";

/** A timer in a {@linkcode TimerQueue}. */
export class QueuedTimer implements ClockTimer {
  readonly due: number;
  readonly sequence: number;
  readonly callback: () => void;
  /** Whether it waits for its time: neither fired nor cancelled. */
  isPending = true;
  readonly #queue: TimerQueue;

  constructor(queue: TimerQueue, due: number, sequence: number, callback: () => void) {
    this.#queue = queue;
    this.due = due;
    this.sequence = sequence;
    this.callback = callback;
  }

  cancel(): void {
    this.#queue.remove(this);
  }

  [Symbol.dispose](): void {
    this.#queue.remove(this);
  }
}

function isBefore(a: QueuedTimer, b: QueuedTimer): boolean {
  return a.due < b.due || (a.due === b.due && a.sequence < b.sequence);
}

/** Binary heap of timers, by due time and then by order of setting. Add and take cost O(log n), remove O(1). */
export class TimerQueue {
  readonly #heap: QueuedTimer[] = [];
  #sequence = 0;
  #size = 0;
  /** Whether the first place holds a timer that was taken: the next one to be added goes there, at half the cost. */
  #isFirstTaken = false;

  get size(): number {
    return this.#size;
  }

  add(due: number, callback: () => void): QueuedTimer {
    const timer = new QueuedTimer(this, due, this.#sequence++, callback);
    this.#size++;
    if (this.#isFirstTaken) {
      this.#isFirstTaken = false;
      this.#down(timer);
    } else {
      this.#heap.push(timer);
      this.#up(this.#heap.length - 1, timer);
    }
    return timer;
  }

  remove(timer: QueuedTimer): void {
    if (!timer.isPending) return;
    timer.isPending = false; // left in the heap until its turn, unless the dead outnumber the living
    this.#size--;
    if (this.#heap.length > 64 && this.#heap.length > 2 * this.#size) this.#sweep();
  }

  /** Takes the next timer that is due at `time` or before, or `undefined`. */
  takeDue(time: number): QueuedTimer | undefined {
    const first = this.#first();
    if (!first || first.due > time) return undefined;
    first.isPending = false; // a later remove() of a fired timer must not count again
    this.#size--;
    this.#isFirstTaken = true;
    return first;
  }

  /** When the next timer is due, if that is at `time` or before. */
  nextDue(time: number): number | undefined {
    const first = this.#first();
    return first && first.due <= time ? first.due : undefined;
  }

  #first(): QueuedTimer | undefined {
    for (let first = this.#heap[0]; first; first = this.#heap[0]) {
      if (first.isPending) return first;
      this.#pop();
    }
    return undefined;
  }

  #sweep(): void {
    const living = this.#heap.filter((timer) => timer.isPending).sort((a, b) => (isBefore(a, b) ? -1 : 1));
    this.#heap.length = 0;
    this.#isFirstTaken = false;
    for (const timer of living) this.#heap.push(timer); // a sorted array is a heap
  }

  #pop(): void {
    this.#isFirstTaken = false;
    const last = this.#heap.pop()!;
    if (this.#heap.length > 0) this.#down(last);
  }

  /** Puts `timer` at `from` or above it. */
  #up(from: number, timer: QueuedTimer): void {
    const heap = this.#heap;
    let i = from;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!isBefore(timer, heap[parent]!)) break;
      heap[i] = heap[parent]!;
      i = parent;
    }
    heap[i] = timer;
  }

  /** Puts `timer` in the place of the first. */
  #down(timer: QueuedTimer): void {
    const heap = this.#heap;
    const { length } = heap;
    let i = 0;
    for (let child = 1; child < length; child = 2 * i + 1) {
      if (child + 1 < length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, timer)) break;
      heap[i] = heap[child]!;
      i = child;
    }
    heap[i] = timer;
  }
}
