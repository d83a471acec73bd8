import { systemClock } from "../base/system_clock.ts";
import type { TestEnvironment, TestEnvironmentOptions } from "./environment.ts";
import type { HarnessEvent } from "./event_log.ts";
import { runScenario, type RunScenarioOptions } from "./run_scenario.ts";
import type { Scenario, ScenarioResult } from "./scenario.ts";
import { testEnvironment } from "./test_environment.ts";

/** Options of {@linkcode IntegrationTestHarness.run}. */
export interface HarnessRunOptions extends Omit<
  RunScenarioOptions,
  "companion" | "seed" | "platforms" | "time"
> {
  /** Told before each scenario. */
  readonly onScenario?: ((scenario: Scenario, index: number, count: number) => void) | undefined;
  /** Told after each. */
  readonly onResult?: ((result: ScenarioResult) => void) | undefined;
}

/** How long the harness took, in real milliseconds. */
export interface HarnessTimings {
  readonly setupMs: number | undefined;
  readonly teardownMs: number | undefined;
  /** Scenarios by name, in the order in which they were last run. */
  readonly scenarios: Readonly<Record<string, number>>;
}

/**
 * `testEnvironment` and `runScenario` for test frameworks that set up in one function and tear down in another. It
 * can be set up again after a teardown.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { IntegrationTestHarness } from "demi-health/harness";
 * import { pocketDemi } from "./examples/demi/pocket_demi.ts";
 *
 * const harness = new IntegrationTestHarness({ companion: pocketDemi });
 * await harness.setup();
 * try {
 *   const reply = await harness.environment.sendMessage("android", "ada", "Hello Demi");
 *   assert.ok(reply.text);
 * } finally {
 *   await harness.teardown();
 * }
 * ```
 */
export class IntegrationTestHarness implements AsyncDisposable {
  readonly #options: TestEnvironmentOptions;
  readonly #scenarioMs = new Map<string, number>();
  #starting: Promise<TestEnvironment> | undefined;
  #environment: TestEnvironment | undefined;
  #events: readonly HarnessEvent[] = [];
  #setupMs: number | undefined;
  #teardownMs: number | undefined;

  constructor(options: TestEnvironmentOptions) {
    if (typeof options?.companion !== "function") {
      throw new TypeError(
        `Cannot make harness: 'companion' must be a function that makes one, got ${typeof options?.companion}`,
      );
    }
    this.#options = options;
  }

  /** @throws {Error} Before {@linkcode setup} and after {@linkcode teardown}. */
  get environment(): TestEnvironment {
    if (this.#environment) return this.#environment;
    throw new Error("Cannot use environment: the harness must be set up, got one that is not");
  }

  get isSetUp(): boolean {
    return this.#environment !== undefined;
  }

  /** What happened in the environment; after a teardown, what had happened by then. */
  get events(): readonly HarnessEvent[] {
    return this.#environment?.events ?? this.#events;
  }

  get timings(): HarnessTimings {
    return {
      setupMs: this.#setupMs,
      teardownMs: this.#teardownMs,
      scenarios: Object.fromEntries(this.#scenarioMs),
    };
  }

  /** Brings the environment up. Whatever fails half-way, nothing stays. @throws As `testEnvironment` does. */
  async setup(): Promise<TestEnvironment> {
    if (this.#starting)
      throw new Error("Cannot set up harness: it must be torn down, got one that is set up");
    const startMs = systemClock.monotonicMs();
    this.#starting = testEnvironment(this.#options);
    try {
      this.#environment = await this.#starting;
    } catch (error) {
      this.#starting = undefined;
      throw error;
    }
    this.#setupMs = systemClock.monotonicMs() - startMs;
    return this.#environment;
  }

  /** Ends the environment, also one that is still being set up. Does nothing when there is none. */
  async teardown(): Promise<void> {
    const environment = await this.#starting?.catch(() => undefined); // `setup` tells of its failure
    if (!environment || !this.#starting) return;
    this.#starting = undefined;
    const startMs = systemClock.monotonicMs();
    try {
      await environment[Symbol.asyncDispose]();
    } finally {
      this.#events = environment.events;
      this.#environment = undefined;
      this.#teardownMs = systemClock.monotonicMs() - startMs;
    }
  }

  /**
   * Runs scenarios one after another, each in an environment of its own: the one of {@linkcode setup} is neither
   * needed nor touched. A scenario that fails is a result, never an exception.
   */
  async run(
    scenarios: Iterable<Scenario>,
    options: HarnessRunOptions = {},
  ): Promise<readonly ScenarioResult[]> {
    const { onScenario, onResult, signal, ...rest } = options;
    const { companion, seed, platforms, time } = this.#options;
    const all = [...scenarios];
    const results: ScenarioResult[] = [];
    for (const [index, scenario] of all.entries()) {
      if (signal?.aborted) break;
      onScenario?.(scenario, index, all.length);
      const result = await runScenario(scenario, { ...rest, companion, seed, platforms, time, signal });
      this.#scenarioMs.set(result.name, result.durationMs);
      results.push(result);
      onResult?.(result);
    }
    return results;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.teardown();
  }
}
