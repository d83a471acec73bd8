/** Things that arrive, for those who wait for them, in order. The oldest are lost beyond the capacity. */
export class Inbox<T> {
  readonly #capacity: number;
  readonly #items: T[] = [];
  readonly #takers = new Set<PromiseWithResolvers<T>>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Number of things that nobody took yet. */
  get size(): number {
    return this.#items.length;
  }

  put(item: T): void {
    const [taker] = this.#takers;
    if (taker) {
      this.#takers.delete(taker);
      taker.resolve(item);
      return;
    }
    if (this.#items.push(item) > this.#capacity) this.#items.shift();
  }

  /** The oldest thing, or else the next one that comes. Not settled when aborted: its caller has a deadline. */
  take(signal: AbortSignal): Promise<T> {
    const taker = Promise.withResolvers<T>();
    const [item] = this.#items;
    if (this.#items.length > 0) {
      this.#items.shift();
      taker.resolve(item as T);
      return taker.promise;
    }
    this.#takers.add(taker);
    signal.addEventListener("abort", () => this.#takers.delete(taker), { once: true });
    return taker.promise;
  }

  /** Rejects all who wait. What is there stays. */
  fail(error: Error): void {
    for (const taker of this.#takers) taker.reject(error);
    this.#takers.clear();
  }

  clear(): void {
    this.#items.length = 0;
  }
}
