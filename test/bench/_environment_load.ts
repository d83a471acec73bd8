// How long an environment takes to come up and to go down, with pocket Demi in this process.
import { pocketDemi } from "../../examples/demi/pocket_demi.ts";
import { systemClock } from "../../lib/base/system_clock.ts";
import type { CompanionFactory } from "../../lib/harness/companion.ts";
import { testEnvironment } from "../../lib/harness/test_environment.ts";
import { median } from "../../lib/stats/median.ts";

const ROUNDS = 20;
const WARM_UP_ROUNDS = 3; // modules are loaded and compiled once a process, not once an environment

/** Times of single environments, in milliseconds. */
export interface EnvironmentTimes {
  readonly up: readonly number[];
  readonly down: readonly number[];
}

/** Brings up environments one after another and ends each after a message was answered in it. */
export async function timeEnvironments(
  rounds: number,
  companion: CompanionFactory = pocketDemi,
): Promise<EnvironmentTimes> {
  const [up, down]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    const startMs = systemClock.monotonicMs();
    const env = await testEnvironment({ companion, seed: round });
    const upMs = systemClock.monotonicMs();
    for (const platform of env.platforms) await env.sendMessage(platform, "ada", "Hello Demi");
    const usedMs = systemClock.monotonicMs();
    await env[Symbol.asyncDispose]();
    up.push(upMs - startMs);
    down.push(systemClock.monotonicMs() - usedMs);
  }
  return { up, down };
}

/** Medians of twenty environments. */
export async function measureEnvironment(): Promise<{ upMs: number; downMs: number }> {
  await timeEnvironments(WARM_UP_ROUNDS);
  const { up, down } = await timeEnvironments(ROUNDS);
  return { upMs: median(up), downMs: median(down) };
}
