// This module is browser-safe.

/** A timer in a {@linkcode TimerQueue}. */
export interface QueuedTimer {
  readonly due: number;
  readonly sequence: number;
  readonly callback: () => void;
  cancelled: boolean;
}

function isBefore(a: QueuedTimer, b: QueuedTimer): boolean {
  return a.due < b.due || (a.due === b.due && a.sequence < b.sequence);
}

/** Binary heap of timers, by due time and then by order of setting. Add and take cost O(log n), remove O(1). */
export class TimerQueue {
  readonly #heap: QueuedTimer[] = [];
  #sequence = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(due: number, callback: () => void): QueuedTimer {
    const timer: QueuedTimer = { due, sequence: this.#sequence++, callback, cancelled: false };
    this.#heap.push(timer);
    this.#size++;
    this.#up(this.#heap.length - 1);
    return timer;
  }

  remove(timer: QueuedTimer): void {
    if (timer.cancelled) return;
    timer.cancelled = true; // left in the heap until its turn, unless the dead outnumber the living
    this.#size--;
    if (this.#heap.length > 64 && this.#heap.length > 2 * this.#size) this.#sweep();
  }

  /** Takes the next timer that is due at `time` or before, or `undefined`. */
  takeDue(time: number): QueuedTimer | undefined {
    for (let top = this.#heap[0]; top; top = this.#heap[0]) {
      if (!top.cancelled && top.due > time) return undefined;
      this.#pop();
      if (top.cancelled) continue;
      top.cancelled = true; // a later remove() of a fired timer must not count again
      this.#size--;
      return top;
    }
    return undefined;
  }

  /** When the next timer is due, if that is at `time` or before. */
  nextDue(time: number): number | undefined {
    for (let top = this.#heap[0]; top; top = this.#heap[0]) {
      if (!top.cancelled) return top.due <= time ? top.due : undefined;
      this.#pop();
    }
    return undefined;
  }

  #sweep(): void {
    const living = this.#heap.filter((timer) => !timer.cancelled).sort((a, b) => (isBefore(a, b) ? -1 : 1));
    this.#heap.length = 0;
    for (const timer of living) this.#heap.push(timer); // a sorted array is a heap
  }

  #pop(): void {
    const last = this.#heap.pop();
    if (last && this.#heap.length > 0) {
      this.#heap[0] = last;
      this.#down(0);
    }
  }

  #up(from: number): void {
    for (let i = from; i > 0;) {
      const parent = (i - 1) >> 1;
      if (!this.#swapIf(i, parent)) return;
      i = parent;
    }
  }

  #down(from: number): void {
    for (let i = from; ;) {
      const left = 2 * i + 1;
      const right = left + 1;
      if (left >= this.#heap.length) return;
      const child =
        right < this.#heap.length && isBefore(this.#heap[right]!, this.#heap[left]!) ? right : left;
      if (!this.#swapIf(child, i)) return;
      i = child;
    }
  }

  /** Swaps the timers at `a` and `b` when the one at `a` comes first. */
  #swapIf(a: number, b: number): boolean {
    const [x, y] = [this.#heap[a]!, this.#heap[b]!];
    if (!isBefore(x, y)) return false;
    this.#heap[a] = y;
    this.#heap[b] = x;
    return true;
  }
}
