import { withDeadline } from "../base/deadline.ts";
import { isPlatformUp, type PlatformHealth } from "../base/platform_health.ts";
import { systemClock } from "../base/system_clock.ts";
import type { TestEnvironment } from "../harness/environment.ts";
import { applyNetworkFault } from "./_network_fault.ts";
import type { StabilityFaultKind } from "./stability_faults.ts";

const LOOK_MS = 250;
const REAL_STEP_MS = 80;
const GRACE_MS = 60_000;
const MINUTE_MS = 60_000;

/**
 * Does to a companion what a fault says, and resolves when it is over: services are back, a crashed companion may start.
 */
export async function applyFault(
  env: TestEnvironment,
  fault: StabilityFaultKind,
  users: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  switch (fault.kind) {
    case "outage":
      return await beginOutage(env, fault.target, fault.minutes * MINUTE_MS, users);
    case "crash":
    case "restart":
      await (fault.kind === "crash" ? env.crash() : env.stop());
      return await env.clock.sleep((fault.offMinutes ?? 1) * MINUTE_MS, { signal });
    case "network":
      return await applyNetworkFault(env, fault, signal);
    case "discord":
    case "llm": {
      const { probability, minutes } = fault;
      using injected =
        fault.kind === "llm"
          ? env.ollama.injectFault(fault.fault, { probability })
          : env.discord.injectFault(fault.fault, { probability });
      void injected;
      await env.clock.sleep(minutes * MINUTE_MS, { signal });
    }
  }
}

async function beginOutage(
  env: TestEnvironment,
  target: Extract<StabilityFaultKind, { kind: "outage" }>["target"],
  durationMs: number,
  users: readonly string[],
): Promise<void> {
  if (target === "discord") return await env.discord.outage(durationMs);
  if (target === "voice") return await env.voice.outage(durationMs);
  if (target === "llm") return await env.ollama.outage(durationMs);
  const apps = await Promise.all(users.map((user) => env.android(user)));
  await Promise.all(apps.map((app) => app.outage(durationMs)));
}

/** How a companion came back. */
export interface Recovery {
  /** Of the clock, or real where that is more, as connections are made in real time; undefined if it did not in time. */
  readonly recoveryMs: number | undefined;
}

/** What {@linkcode awaitRecovery} goes by. */
export interface RecoveryWatch {
  /** Names of the platforms that must be up again. */
  readonly before: readonly string[];
  readonly limitMs: number;
  /** Real time at which it could begin to come back. */
  readonly overMs: number;
  /** Whether it must find its way back by itself, in its own time, as after an outage. */
  readonly isOutage: boolean;
}

/**
 * Looks until the platforms that were up before are up again. After an outage, and where they are not up at once, it takes a
 * minute of the clock also when they are back sooner: on a virtual clock the moment at which a socket is connected would
 * be chance. Each step of that minute takes a little of real time, too.
 */
export async function awaitRecovery(env: TestEnvironment, watch: RecoveryWatch): Promise<Recovery> {
  const { before, limitMs, overMs, isOutage } = watch;
  const startMs = env.clock.monotonicMs();
  const elapsedMs = (): number => env.clock.monotonicMs() - startMs;
  while (!(await areUp(env, before))) {
    if (elapsedMs() >= limitMs) return { recoveryMs: undefined };
    await env.clock.track(
      systemClock.sleep(env.virtualClock ? REAL_STEP_MS : 0),
      "a companion that comes back",
    );
    await env.clock.sleep(LOOK_MS);
  }
  const recoveryMs = Math.max(elapsedMs(), systemClock.monotonicMs() - overMs);
  const isAtOnce = !isOutage && elapsedMs() === 0;
  if (env.virtualClock && !isAtOnce) await env.clock.sleep(Math.max(0, GRACE_MS - elapsedMs()));
  return { recoveryMs };
}

async function areUp(env: TestEnvironment, names: readonly string[]): Promise<boolean> {
  const health = await lookAtHealth(env);
  const up = new Set(health?.filter(({ status }) => isPlatformUp(status)).map(({ name }) => name));
  return health !== undefined && names.every((name) => up.has(name));
}

/** The apps of the users are connected: phones do that by themselves. */
export async function connectApps(env: TestEnvironment, users: readonly string[]): Promise<void> {
  if (!env.platforms.includes("android")) return;
  await Promise.allSettled(users.map((user) => env.android(user)));
}

/** What the companion says of its platforms; undefined where it does not say it within five seconds of real time. */
export async function lookAtHealth(env: TestEnvironment): Promise<readonly PlatformHealth[] | undefined> {
  return await askSoon(env, () => env.health());
}

/** An answer of the companion itself, for which no virtual time passes; undefined where none comes. */
export async function askSoon<T>(env: TestEnvironment, ask: () => Promise<T>): Promise<T | undefined> {
  const asked = withDeadline("ask the companion", ANSWER_MS, ask);
  return await env.clock.track(asked, "look").catch(() => undefined);
}

const ANSWER_MS = 5000;
