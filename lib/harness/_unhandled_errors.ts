import { AsyncLocalStorage } from "node:async_hooks";

/** Told of an error that a companion in this process did not handle. */
export type OnUnhandled = (where: string, error: unknown) => void;

const KINDS: Readonly<Record<string, string>> = {
  uncaughtException: "threw an error that nobody caught",
  unhandledRejection: "left a promise to reject that nobody handled",
};

const lives = new AsyncLocalStorage<CompanionContext>();
let living = 0;
let restore: (() => void) | undefined;

/** The asynchronous context of one companion in this process, from its start to its end. */
export class CompanionContext {
  readonly #errors: UnhandledErrors;
  readonly #holds = new Set<() => void>();
  #isKilled = false;

  constructor(errors: UnhandledErrors) {
    this.#errors = errors;
  }

  /** Whether it was killed: what is left of it must not do anything any more. */
  get isKilled(): boolean {
    return this.#isKilled;
  }

  /** Runs `work`; what it sets off, then and later, belongs here. */
  run<T>(work: () => T): T {
    return lives.run(this, work);
  }

  /** Calls `callback` for a timer, unless it was killed: what it throws is its own error, not that of the clock. */
  call(callback: () => void): void {
    if (this.#isKilled) return;
    try {
      callback();
    } catch (error) {
      if (!this.take("uncaughtException", error)) throw error;
    }
  }

  /** A promise that ends with `work`, or when it is killed: the dead hold nothing up. */
  async until(work: Promise<unknown>): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    if (this.#isKilled) return;
    this.#holds.add(resolve);
    work.then(
      () => resolve(),
      () => resolve(),
    );
    await promise;
    this.#holds.delete(resolve);
  }

  kill(): void {
    this.#isKilled = true;
    for (const release of this.#holds) release();
  }

  /** Takes an error over; false when there is nobody any more to be told. A dead companion has no errors. */
  take(kind: string, error: unknown): boolean {
    return this.#isKilled || this.#errors.take(KINDS[kind]!, error);
  }
}

/**
 * Errors that companions in this process do not handle, each told to the environment that the companion lives in. In
 * a process of its own they would end it; here they would end the test of somebody else. While no environment lives,
 * nothing of the process is changed.
 */
export class UnhandledErrors implements Disposable {
  readonly #onUnhandled: OnUnhandled;
  #isEnded = false;

  constructor(onUnhandled: OnUnhandled) {
    this.#onUnhandled = onUnhandled;
    if (living++ === 0) restore = install();
  }

  take(where: string, error: unknown): boolean {
    if (this.#isEnded) return false;
    this.#onUnhandled(where, error);
    return true;
  }

  [Symbol.dispose](): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    if (--living === 0) restore?.();
  }
}

type Emit = (name: string, ...values: unknown[]) => boolean;

// A listener could not keep the error from the listeners of the test runner.
function install(): () => void {
  const target = process as unknown as { emit: Emit };
  const wasOwn = Object.hasOwn(target, "emit");
  const original = target.emit;
  const watched: Emit = (name, ...values) => {
    if (Object.hasOwn(KINDS, name) && lives.getStore()?.take(name, values[0])) return true;
    return Reflect.apply(original, process, [name, ...values]);
  };
  target.emit = watched;
  return () => {
    if (target.emit !== watched) return; // somebody else's is in between
    if (wasOwn) target.emit = original;
    else Reflect.deleteProperty(target, "emit");
  };
}
