import { SeededRandom } from "../base/random.ts";
import type { PlatformName } from "../harness/environment.ts";
import type { DiscordFault } from "../mocks/discord/discord_faults.ts";
import type { OllamaFault } from "../mocks/ollama/ollama_faults.ts";
import { checkNetworkFault, type NetworkFault } from "./_network_fault.ts";

/** Something around the companion that can be down. */
export type OutageTarget = PlatformName | "llm";

/** What is done to a companion in a long run. */
export type StabilityFaultKind =
  /** A service is down: it resets connections and refuses new ones. Android: its app has no network. */
  | { readonly kind: "outage"; readonly target: OutageTarget; readonly minutes: number }
  /** The companion ends without a goodbye, by SIGKILL or in this process its equal. */
  | {
      readonly kind: "crash";
      /** How long it is off. @default {1} */ readonly offMinutes?: number | undefined;
    }
  /** The companion ends gracefully. */
  | {
      readonly kind: "restart";
      /** How long it is off. @default {1} */ readonly offMinutes?: number | undefined;
    }
  | NetworkFault
  /** Discord misbehaves. */
  | {
      readonly kind: "discord";
      readonly fault: DiscordFault;
      readonly minutes: number;
      /** Of each occasion. @default {1} */
      readonly probability?: number | undefined;
    }
  /** The language model misbehaves. */
  | {
      readonly kind: "llm";
      readonly fault: OllamaFault;
      readonly minutes: number;
      /** Of each occasion. @default {1} */
      readonly probability?: number | undefined;
    };

/** When: at certain hours of the run, or so often a day at seeded random moments. */
export type StabilityFault = StabilityFaultKind &
  (
    | { readonly atHours: number | readonly number[]; readonly timesPerDay?: undefined }
    | { readonly timesPerDay: number; readonly atHours?: undefined }
  );

/** One occurrence of a fault. */
export interface PlannedFault {
  /** Position in the plan, from 0. */
  readonly sequence: number;
  /** Milliseconds since the beginning of the run. */
  readonly atMs: number;
  /** How long it lasts. */
  readonly durationMs: number;
  readonly fault: StabilityFaultKind;
}

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

/**
 * All faults of a run, in the order of their times: the same for one seed. Those that would begin while another is on
 * wait until it is over, so that what follows can be told apart; those that would not end within the run are left out.
 *
 * @throws {RangeError} If a number is out of its range.
 */
export function planFaults(
  faults: readonly StabilityFault[],
  durationMs: number,
  seed: string | number,
  /** Time between the end of one and the beginning of the next. @default ten minutes, or a fiftieth of a short run */
  pauseMs: number = Math.min(10 * MINUTE_MS, durationMs / 50),
): readonly PlannedFault[] {
  const random = new SeededRandom(seed);
  const moments = faults.flatMap((fault, index) =>
    momentsOf(fault, index, durationMs, random.stream(`fault ${index}`)).map((atMs) => ({
      fault,
      atMs,
      index,
    })),
  );
  moments.sort((a, b) => a.atMs - b.atMs || a.index - b.index);
  const planned: PlannedFault[] = [];
  let freeAtMs = 0;
  for (const { fault, atMs } of moments) {
    const lastsMs = durationOf(fault);
    const beginsMs = Math.max(atMs, freeAtMs);
    if (beginsMs + lastsMs >= durationMs) continue;
    planned.push({ sequence: planned.length, atMs: beginsMs, durationMs: lastsMs, fault });
    freeAtMs = beginsMs + lastsMs + pauseMs;
  }
  return planned;
}

/** What a fault is, in words: `Discord is down for 5 min`. */
export function describeFault(fault: StabilityFaultKind): string {
  switch (fault.kind) {
    case "outage":
      return `${NAMES[fault.target]} is down for ${fault.minutes} min`;
    case "crash":
      return `the companion crashes and is off for ${fault.offMinutes ?? 1} min`;
    case "restart":
      return `the companion is restarted and is off for ${fault.offMinutes ?? 1} min`;
    case "network":
      return `the network to ${SERVICES[fault.service]}: ${describeToxic(fault.toxic)} for ${fault.minutes} min`;
    case "discord":
      return `Discord: ${fault.fault.kind} for ${fault.minutes} min`;
    case "llm":
      return `language model: ${fault.fault.kind} for ${fault.minutes} min`;
  }
}

const SERVICES: Readonly<Record<NetworkFault["service"], string>> = {
  discord: "Discord",
  ollama: "the language model",
  voice: "the voice service",
};

/** With all its numbers, as they are what shows it again: `latency (latencyMs 200, jitterMs 50)`. */
function describeToxic({ kind, ...settings }: NetworkFault["toxic"]): string {
  const told = Object.entries(settings).map(([name, value]) => `${name} ${String(value)}`);
  return told.length === 0 ? kind : `${kind} (${told.join(", ")})`;
}

const NAMES: Readonly<Record<OutageTarget, string>> = {
  discord: "Discord",
  android: "the Android app's network",
  voice: "the voice service",
  llm: "the language model",
};

function momentsOf(
  { atHours, timesPerDay }: StabilityFault,
  index: number,
  durationMs: number,
  random: SeededRandom,
): readonly number[] {
  if (timesPerDay !== undefined) {
    check(
      `faults[${index}].timesPerDay`,
      "> 0 and finite",
      timesPerDay,
      timesPerDay > 0 && timesPerDay < Infinity,
    );
    const count = Math.round((timesPerDay * durationMs) / (24 * HOUR_MS));
    return Array.from({ length: count }, () => Math.floor(random.next() * durationMs));
  }
  const hours = typeof atHours === "number" ? [atHours] : (atHours ?? []);
  for (const hour of hours)
    check(`faults[${index}].atHours`, ">= 0 and finite", hour, hour >= 0 && hour < Infinity);
  return hours.map((hour) => Math.round(hour * HOUR_MS)).filter((atMs) => atMs < durationMs);
}

function durationOf(fault: StabilityFaultKind): number {
  if (fault.kind === "network") checkNetworkFault(fault);
  const minutes =
    fault.kind === "crash" || fault.kind === "restart" ? (fault.offMinutes ?? 1) : fault.minutes;
  check(`faults: minutes of ${fault.kind}`, ">= 0 and finite", minutes, minutes >= 0 && minutes < Infinity);
  return Math.round(minutes * MINUTE_MS);
}

function check(name: string, rule: string, value: number, holds: boolean): void {
  if (!holds) throw new RangeError(`Cannot plan faults: '${name}' must be ${rule}, got ${value}`);
}
