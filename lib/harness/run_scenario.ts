import { DeadlineError, withDeadline } from "../base/deadline.ts";
import { systemClock } from "../base/system_clock.ts";
import { EMOTION_NAMES } from "../emotion/emotional_state.ts";
import { formatViolation, type Violation } from "../mocks/violations.ts";
import type { CompanionFactory } from "./companion.ts";
import type { PlatformName, TestEnvironment, TestEnvironmentOptions } from "./environment.ts";
import type { Scenario, ScenarioEnvironment, ScenarioNeed, ScenarioResult } from "./scenario.ts";
import { testEnvironment } from "./test_environment.ts";

/** Options of {@linkcode runScenario}. */
export interface RunScenarioOptions {
  readonly companion: CompanionFactory;
  /** Everything random comes from it. @default {"demi-health"} */
  readonly seed?: string | number | undefined;
  /** Platforms that are there. @default all that the companion has */
  readonly platforms?: readonly PlatformName[] | undefined;
  /** What the companion does not have: scenarios that need it are skipped. @default {[]} */
  readonly lacks?: readonly ScenarioNeed[] | undefined;
  /** @default virtual where the companion can be given a clock */
  readonly time?: "virtual" | "system" | undefined;
  /** Real time that one step may take. @default {60_000}, and {600_000} on a system clock */
  readonly stepTimeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Told before each step. */
  readonly onStep?: ((does: string, index: number, count: number) => void) | undefined;
  /** Makes the line that shows a failure again. @default one for `examples/run_scenarios.ts` */
  readonly toCommand?: ((name: string, seed: string) => string) | undefined;
}

// So often nobody does the same wrong thing in one step, but one that is in a loop.
const STORM = 50;
const STORM_LOOK_MS = 500;

interface Ending {
  readonly outcome: ScenarioResult["outcome"];
  readonly error?: string;
}

interface Run {
  steps: number;
  simulatedMs: number;
  violations: readonly Violation[];
  faults: readonly string[];
}

/**
 * Runs a scenario against a companion in an environment of its own. What went wrong is in the result, never thrown:
 * with the step, the seed, what was expected and seen, and the line that shows it again.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { runScenario, simpleGreeting } from "demi-health/harness";
 * import { pocketDemi } from "./examples/demi/pocket_demi.ts";
 *
 * const result = await runScenario(simpleGreeting, { companion: pocketDemi, seed: 7 });
 * assert.equal(result.error, undefined);
 * ```
 */
export async function runScenario(scenario: Scenario, options: RunScenarioOptions): Promise<ScenarioResult> {
  const { seed = "demi-health" } = options;
  const startMs = systemClock.monotonicMs();
  const run: Run = { steps: 0, simulatedMs: 0, violations: [], faults: [] };
  const { outcome, error } = await play(scenario, options, run);
  return {
    name: scenario.name,
    ok: outcome === "passed" || outcome === "skipped",
    outcome,
    durationMs: systemClock.monotonicMs() - startMs,
    simulatedMs: run.simulatedMs,
    seed: String(seed),
    steps: run.steps,
    error,
    violations: run.violations,
  };
}

async function play(scenario: Scenario, options: RunScenarioOptions, run: Run): Promise<Ending> {
  const lacking = scenario.needs.find((need) => options.lacks?.includes(need));
  if (lacking !== undefined)
    return { outcome: "skipped", error: `it needs ${lacking}, which the companion lacks` };
  const notes = scenario.notes?.() ?? {};
  const asked = scenario.environment?.(notes) ?? {};
  let env: TestEnvironment;
  try {
    env = await testEnvironment(toEnvironment(asked, options));
  } catch (error) {
    return { outcome: "could-not-run", error: `Cannot start environment: ${toMessage(error)}` };
  }
  const startMs = env.clock.monotonicMs();
  let ending = await playIn(env, scenario, notes, options, run).catch((error: unknown): Ending => ({
    outcome: "failed",
    error: toMessage(error),
  }));
  run.simulatedMs = env.clock.monotonicMs() - startMs;
  try {
    await withDeadline(
      "end the companion and its environment",
      30_000,
      async () => await env[Symbol.asyncDispose](),
    );
  } catch (error) {
    if (ending.outcome === "passed") ending = { outcome: "failed", error: toMessage(error) };
  }
  return ending;
}

function toEnvironment(asked: ScenarioEnvironment, options: RunScenarioOptions): TestEnvironmentOptions {
  const { companion, seed, platforms, time, signal } = options;
  return {
    ...asked,
    companion,
    seed,
    platforms: asked.platforms ?? platforms,
    time: asked.time ?? time,
    signal,
  };
}

async function playIn(
  env: TestEnvironment,
  scenario: Scenario,
  notes: object,
  options: RunScenarioOptions,
  run: Run,
): Promise<Ending> {
  const { seed = "demi-health", signal, onStep, toCommand = defaultCommand } = options;
  const missing = await findMissing(env, scenario, notes);
  if (missing !== undefined) return { outcome: "skipped", error: missing };
  const { stepTimeoutMs = env.virtualClock ? 60_000 : 600_000 } = options;
  const { steps, provokes = [] } = scenario;
  const again = `\nSee it again: ${toCommand(scenario.name, String(seed))}`;
  const look = async (): Promise<void> => {
    const { violations, faults } = await env.verdict();
    run.faults = faults;
    run.violations = violations.filter(({ rule }) => !provokes.includes(rule));
  };
  for (const [index, step] of steps.entries()) {
    onStep?.(step.does, index, steps.length);
    try {
      using storm = watchForStorm(env, provokes);
      const work = (): Promise<void> => Promise.race([step.run(env, notes), storm.seen]);
      await withDeadline("end this step", stepTimeoutMs, work, { signal });
    } catch (error) {
      if (signal?.aborted) return { outcome: "could-not-run", error: "it was aborted" };
      await look().catch(() => undefined); // what broke the step may be told by whom it was done to
      const which = `step ${index + 1} of ${steps.length}, '${step.does}' (seed ${seed})`;
      return {
        outcome: "failed",
        error: `${scenario.name}: ${which}: ${toMessage(error)}${seen(run)}${again}`,
      };
    }
    run.steps++;
  }
  await look();
  if (run.violations.length + run.faults.length === 0) return { outcome: "passed" };
  return {
    outcome: "failed",
    error: `${scenario.name}: all steps passed (seed ${seed}), but${seen(run)}${again}`,
  };
}

/**
 * Ends a step early in which the companion does the same wrong thing again and again: a loop without end would
 * otherwise take all the time that the step may.
 */
function watchForStorm(
  env: TestEnvironment,
  provokes: readonly Violation["rule"][],
): Disposable & { readonly seen: Promise<never> } {
  const { promise: seen, reject } = Promise.withResolvers<never>();
  seen.catch(() => undefined);
  const look = async (): Promise<void> => {
    const { violations } = await env.verdict();
    const storm = violations.find(({ rule, count }) => count >= STORM && !provokes.includes(rule));
    if (storm) reject(new Error(`Cannot go on: it must not loop, got '${storm.rule}' ${storm.count} times`));
  };
  const timer = systemClock.setRepeating(() => void look().catch(() => undefined), STORM_LOOK_MS, {
    keepAlive: false,
  });
  return { seen, [Symbol.dispose]: () => timer.cancel() };
}

/** Why the scenario says nothing about this companion, if it does not. */
async function findMissing(
  env: TestEnvironment,
  scenario: Scenario,
  notes: object,
): Promise<string | undefined> {
  const missing = scenario.needs.find((need) => !has(env, need));
  if (missing !== undefined) return `it needs ${missing}, which is not there`;
  const wanted = scenario.environment?.(notes).initialEmotions;
  if (!scenario.needs.includes("initial-emotions") || !wanted) return undefined;
  const actual = await env.emotions();
  const ignored = EMOTION_NAMES.find((name) => Math.abs(actual[name] - wanted[name]) > 0.02);
  if (ignored === undefined) return undefined;
  const got = `${ignored} ${actual[ignored]}`;
  return `it needs a companion that begins with the emotions it is given, got ${got} for ${wanted[ignored]}`;
}

function has(env: TestEnvironment, need: ScenarioNeed): boolean {
  switch (need) {
    case "discord":
    case "android":
    case "voice":
      return env.platforms.includes(need);
    case "llm":
      return env.hasLlm;
    case "virtual-time":
      return env.virtualClock !== undefined;
    case "two-platforms":
      return env.platforms.length >= 2;
    case "initial-emotions": // looked at when it runs
    case "rambles": // not to be seen from outside: whoever has none says so by `lacks`
      return true;
    default:
      return false;
  }
}

function seen({ violations, faults }: Run): string {
  return [...violations.map(formatViolation), ...faults].map((what) => `\n  ${what}`).join("");
}

function toMessage(error: unknown): string {
  if (error instanceof DeadlineError || !(error instanceof Error)) return String(error);
  return error.name === "AssertionError" ? error.message : `${error.name}: ${error.message}`;
}

function defaultCommand(name: string, seed: string): string {
  return `node examples/run_scenarios.ts --only '${name}' --seed '${seed}'`;
}
