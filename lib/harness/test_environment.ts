import { LiveEnvironment } from "./_live_environment.ts";
import type { TestEnvironment, TestEnvironmentOptions } from "./environment.ts";

/**
 * A companion that runs, with everything it talks to around it: mock servers on loopback, a data directory of its
 * own, and time that passes only while somebody waits. Nothing is shared between environments, and all ends with it.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { testEnvironment } from "demi-health/harness";
 * import { pocketDemi } from "./examples/demi/pocket_demi.ts";
 *
 * await using env = await testEnvironment({ companion: pocketDemi });
 * const reply = await env.sendMessage("discord", "user1", "Hello Demi");
 * assert.ok(reply);
 * assert.ok((await env.emotions()).excitement > 0.5);
 * ```
 *
 * @throws Whatever the companion's start throws; what was started before it is ended.
 */
export async function testEnvironment(options: TestEnvironmentOptions): Promise<TestEnvironment> {
  return await LiveEnvironment.start(options);
}
