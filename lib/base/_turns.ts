// This module is browser-safe.

interface Host {
  readonly setImmediate?: (callback: () => void) => unknown;
  readonly process?: { readonly nextTick?: (callback: () => void) => void };
}

const { setImmediate, process } = globalThis as Host;

// A few times faster than a timer of 1 ms, and there on the three server runtimes; browsers fall back to a timer.
const enqueue: (callback: () => void) => unknown =
  setImmediate ?? ((callback: () => void) => setTimeout(callback, 0));

/** Resolves after a millisecond of real time. */
export function realMillisecond(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1));
}

/** Resolves after one turn of the event loop: what was due in it, promise callbacks included, has run. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => void enqueue(resolve));
}

let settling: Promise<boolean> | undefined;

/**
 * Whether everything that one step of {@linkcode stepInTurn} sets off in the queues of promise callbacks and of
 * `process.nextTick` runs before the next step: so it does on Node, Deno and Bun. Found out by trying, once.
 */
export function settlesBetweenSteps(): Promise<boolean> {
  settling ??= new Promise((resolve) => {
    const defer = process?.nextTick ?? queueMicrotask;
    let isSettled = false;
    enqueue(() => queueMicrotask(() => defer(() => queueMicrotask(() => defer(() => (isSettled = true))))));
    enqueue(() => resolve(isSettled));
  });
  return settling;
}

/**
 * Calls `step` up to `count` times in one turn of the event loop, until it returns false. It costs far less than a turn for
 * each: polling for I/O is most of a turn.
 *
 * @returns How often it returned true. Rejects with what it throws.
 */
export function stepInTurn(step: () => boolean, count: number): Promise<number> {
  return new Promise((resolve, reject) => {
    let steps = 0;
    let isOver = false;
    const next = (): void => {
      if (isOver) return;
      try {
        if (step()) steps++;
        else isOver = true;
      } catch (error) {
        isOver = true;
        reject(error);
      }
    };
    for (let i = 1; i < count; i++) enqueue(next);
    enqueue(() => {
      next();
      resolve(steps);
    });
  });
}
