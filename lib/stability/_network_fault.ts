import { systemClock } from "../base/system_clock.ts";
import type { NetworkService, TestEnvironment } from "../harness/environment.ts";
import type { FaultProxy } from "../mocks/faults/fault_proxy.ts";
import { checkToxic, type Toxic } from "../mocks/faults/toxics.ts";

/** What is done to the network: a toxic, or nobody listens there. */
export type NetworkToxic = Toxic | { readonly kind: "down" };

/** The network between the companion and a service is bad. */
export interface NetworkFault {
  readonly kind: "network";
  readonly service: NetworkService;
  readonly toxic: NetworkToxic;
  readonly minutes: number;
}

/** Services that have a network. */
export const NETWORK_SERVICES: readonly NetworkService[] = ["discord", "ollama", "voice"];

// Real time that a client has to see that its connection is gone: on a virtual clock the rest of the fault takes none.
const NOTICE_MS = 100;

const SHAPING: ReadonlySet<string> = new Set(["latency", "bandwidth", "slow_close", "slicer"]);

/** @throws {RangeError} If a number of the toxic is out of its range. @throws {TypeError} If there is no such service or toxic. */
export function checkNetworkFault({ service, toxic }: NetworkFault): void {
  if (!NETWORK_SERVICES.includes(service)) throw refusal("service", NETWORK_SERVICES.join(", "), service);
  const kind: unknown = toxic?.kind;
  if (typeof kind !== "string" || !(kind in NEEDED)) {
    throw refusal("toxic.kind", Object.keys(NEEDED).join(", "), kind);
  }
  if (toxic.kind === "down") return;
  const given: Readonly<Record<string, unknown>> = { ...toxic };
  for (const name of NEEDED[toxic.kind]) {
    if (typeof given[name] === "number") continue;
    throw new TypeError(
      `Cannot plan faults: 'toxic.${name}' of ${kind} must be a number, got ${String(given[name])}`,
    );
  }
  checkToxic(toxic);
}

/** A toxic that says nothing and closes nothing. */
const SILENT: ReadonlySet<string> = new Set(["timeout", "stall"]);

/**
 * A gateway's client finds out by its own heartbeat that nobody is there, which is a wire's liveness and runs on real time: on a
 * virtual clock hours would have passed, and never as many.
 *
 * @throws {TypeError} If the fault cannot be told on a virtual clock.
 */
export function checkOnVirtualClock({ service, toxic }: NetworkFault): void {
  if (service !== "discord" || !SILENT.has(toxic.kind)) return;
  throw new TypeError(
    `Cannot plan faults: 'toxic.kind' on discord must be one that closes or slows on a virtual clock, such as reset_peer, ` +
      `got ${toxic.kind}, which a client notices by heartbeats of real time: use it with time 'system'`,
  );
}

/** Whether data is lost, so that nobody can be blamed for what was on its way; other toxics are only slow. */
export function cutsConnections({ toxic }: NetworkFault): boolean {
  return !SHAPING.has(toxic.kind) || (toxic.kind === "bandwidth" && toxic.kilobytesPerSecond === 0);
}

/** Resolves when the time is up and the network good again. A connection that lost data is reset then at the latest. */
export async function applyNetworkFault(
  env: TestEnvironment,
  fault: NetworkFault,
  signal: AbortSignal,
): Promise<void> {
  const proxy = env.network(fault.service);
  const durationMs = fault.minutes * 60_000;
  if (fault.toxic.kind === "down") {
    const over = proxy.outage(durationMs);
    await letNotice(env);
    try {
      return await untilAborted(over, signal);
    } finally {
      if (signal.aborted) await proxy.endOutage();
    }
  }
  await sufferToxic(env, proxy, { ...fault, toxic: fault.toxic }, { durationMs, signal });
}

async function sufferToxic(
  env: TestEnvironment,
  proxy: FaultProxy,
  fault: NetworkFault & { readonly toxic: Toxic },
  { durationMs, signal }: { readonly durationMs: number; readonly signal: AbortSignal },
): Promise<void> {
  const endMs = env.clock.monotonicMs() + durationMs;
  const leftMs = (): number => Math.max(0, endMs - env.clock.monotonicMs());
  const isCutting = cutsConnections(fault);
  const added = proxy.add(fault.toxic);
  try {
    if (fault.toxic.kind === "reset_peer") {
      // a connection on which nothing is said is reset, too: of an idle one the toxic alone would wait for data
      await env.clock.sleep(Math.min(fault.toxic.timeoutMs, leftMs()), { signal });
      proxy.resetAll();
      await letNotice(env);
    }
    await env.clock.sleep(leftMs(), { signal });
  } finally {
    added.remove();
    if (isCutting) {
      proxy.resetAll();
      await letNotice(env);
    }
  }
}

async function letNotice(env: TestEnvironment): Promise<void> {
  if (env.virtualClock) await env.clock.track(systemClock.sleep(NOTICE_MS), "a network that is cut");
}

async function untilAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  const { promise: aborted, resolve } = Promise.withResolvers<void>();
  const stop = (): void => resolve();
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  await Promise.race([work, aborted]);
  signal.removeEventListener("abort", stop);
}

/** What each toxic cannot do without. */
const NEEDED: Readonly<Record<NetworkToxic["kind"], readonly string[]>> = {
  down: [],
  latency: ["latencyMs"],
  bandwidth: ["kilobytesPerSecond"],
  slow_close: ["delayMs"],
  timeout: ["timeoutMs"],
  reset_peer: ["timeoutMs"],
  slicer: ["averageBytes"],
  limit_data: ["bytes"],
  cut: ["bytes"],
  stall: ["bytes"],
  slow_drip: ["bytesPerSecond"],
  dribbled_body: ["bytesPerSecond"],
  duplicate: [],
  cut_line: ["lines"],
  break_json: [],
  garbage: ["bytes"],
  malformed_chunk: [],
};

function refusal(name: string, rule: string, value: unknown): TypeError {
  return new TypeError(`Cannot plan faults: '${name}' must be one of ${rule}, got ${String(value)}`);
}
