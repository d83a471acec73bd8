import type { PlatformHealth, PlatformStatus } from "../../base/platform_health.ts";
import { DeadlineError } from "../../base/deadline.ts";
import type { InjectedFault } from "../../mocks/faults/fault_injector.ts";
import { failAssertion } from "../assertions.ts";
import type { PlatformName, TestEnvironment } from "../environment.ts";

/** Statuses of a platform whose users are answered. */
export const CHATTING: readonly PlatformStatus[] = ["online"];

/** Statuses of a platform whose users are not. */
export const NOT_GREEN: readonly PlatformStatus[] = ["degraded", "connecting", "offline"];

// Libraries come back after a connection was lost by back-offs in real time; an environment with a virtual clock waits
// for real time by itself.
function patience(env: TestEnvironment, timeoutMs: number): number {
  return env.virtualClock ? timeoutMs : timeoutMs * 5;
}

/** A scenario whose fault never struck has shown nothing. */
export function assertStruck(fault: InjectedFault, what: string): void {
  if (fault.strikes > 0) return;
  failAssertion(
    `Cannot judge: not enough evidence, ${what} must happen at least once, got none`,
    0,
    "at least 1",
  );
}

/** What the companion says of a platform; undefined if it says nothing of it. */
export async function healthOf(
  env: TestEnvironment,
  platform: PlatformName,
): Promise<PlatformHealth | undefined> {
  return (await env.health()).find(({ name }) => name === platform);
}

/**
 * Waits until the companion says one of these of a platform.
 *
 * @throws {AssertionError} That names what it says instead.
 */
export async function until(
  env: TestEnvironment,
  platform: PlatformName,
  statuses: readonly PlatformStatus[],
  where: string,
  timeoutMs: number = 120_000,
): Promise<void> {
  let last: PlatformHealth | undefined;
  const holds = async (): Promise<boolean> => {
    last = await healthOf(env, platform);
    return last !== undefined && statuses.includes(last.status);
  };
  try {
    await env.until(`${platform} is ${statuses.join(" or ")}`, holds, {
      timeoutMs: patience(env, timeoutMs),
    });
  } catch (error) {
    if (!(error instanceof DeadlineError)) throw error;
    const got = last === undefined ? "nothing of it" : `'${last.status}'`;
    const green = last?.status === "online" ? ": it is shown green although it is broken" : "";
    const message = `Cannot accept health of ${platform} ${where}: it must be ${statuses.join(" or ")}, got ${got}${green}`;
    failAssertion(message, last?.status, statuses);
  }
}

/** Waits, and says as an assertion what did not come. */
export async function waitFor(
  env: TestEnvironment,
  what: string,
  holds: () => boolean | Promise<boolean>,
  timeoutMs: number = 60_000,
): Promise<void> {
  try {
    await env.until(what, holds, { timeoutMs: patience(env, timeoutMs) });
  } catch (error) {
    if (!(error instanceof DeadlineError)) throw error;
    failAssertion(
      `Cannot see that ${what}: it must be so within ${timeoutMs} ms, got nothing of it`,
      false,
      true,
    );
  }
}
