// This module is browser-safe.

/** What somebody waits for while time passes. */
export interface ClockGoal {
  readonly endMs: number;
  /** Whether it is met by reaching `endMs`, or by something else before. */
  readonly stopsThere: boolean;
  /** Resolves when it is met or given up. */
  readonly ended: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Everything that time passes for now. */
export class ClockGoals {
  readonly #goals = new Set<ClockGoal>();
  #stopMs = Infinity;
  #horizonMs = -Infinity;

  get size(): number {
    return this.#goals.size;
  }

  /** The first moment at which time stops for somebody. */
  get stopMs(): number {
    return this.#stopMs;
  }

  /** The last moment that anybody waits for. */
  get horizonMs(): number {
    return this.#horizonMs;
  }

  add(endMs: number, stopsThere: boolean): ClockGoal {
    const { promise: ended, resolve, reject } = Promise.withResolvers<void>();
    const goal: ClockGoal = { endMs, stopsThere, ended, resolve, reject };
    this.#goals.add(goal);
    this.#look();
    return goal;
  }

  /** @returns Whether anybody still waited for it. */
  meet(goal: ClockGoal): boolean {
    if (!this.#goals.delete(goal)) return false;
    this.#look();
    goal.resolve();
    return true;
  }

  /** Meets those that stop at `timeMs` or before. */
  reach(timeMs: number): void {
    for (const goal of this.#goals) if (goal.stopsThere && goal.endMs <= timeMs) this.meet(goal);
  }

  giveUp(): void {
    for (const goal of this.#goals) this.meet(goal);
  }

  fail(error: unknown): void {
    for (const goal of this.#goals) goal.reject(error);
    this.#goals.clear();
    this.#look();
  }

  #look(): void {
    this.#stopMs = Infinity;
    this.#horizonMs = -Infinity;
    for (const { endMs, stopsThere } of this.#goals) {
      this.#horizonMs = Math.max(this.#horizonMs, endMs);
      if (stopsThere) this.#stopMs = Math.min(this.#stopMs, endMs);
    }
  }
}
