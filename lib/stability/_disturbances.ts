import type { PlatformName } from "../harness/environment.ts";
import { cutsConnections } from "./_network_fault.ts";
import type { OutageTarget, StabilityFaultKind } from "./stability_faults.ts";

interface Disturbance {
  readonly fault: StabilityFaultKind;
  readonly fromMs: number;
  toMs: number;
}

const KEPT = 32;

/** What is being done to the companion, and until when: what its users can be blamed for, and what it can. */
export class Disturbances {
  #all: Disturbance[] = [];

  /** A fault begins; the result ends it, once all is back. */
  begin(fault: StabilityFaultKind, fromMs: number): { end: (atMs: number) => void } {
    const disturbance: Disturbance = { fault, fromMs, toMs: Infinity };
    this.#all = [...this.#all.slice(-KEPT), disturbance];
    return { end: (atMs) => (disturbance.toMs = atMs) };
  }

  /** Faults that are on. */
  at(atMs: number): readonly StabilityFaultKind[] {
    return this.#all.filter(({ fromMs, toMs }) => fromMs <= atMs && atMs < toMs).map(({ fault }) => fault);
  }

  get isAny(): boolean {
    return this.#all.some(({ toMs }) => toMs === Infinity);
  }

  /** Whether the companion is off by plan, or has not come back yet. */
  isOff(atMs: number): boolean {
    return this.at(atMs).some(({ kind }) => kind === "crash" || kind === "restart");
  }

  /** Whether a user of that platform could not send a message now. */
  cutsOff(platform: PlatformName, atMs: number): boolean {
    return this.isOff(atMs) || this.at(atMs).some((fault) => targetOf(fault) === platform);
  }

  /**
   * Whether a missing reply is explained by what was done between the two moments. A dead language model explains
   * none: a user is told something all the same.
   */
  excuses(platform: PlatformName, fromMs: number, toMs: number): boolean {
    return this.#all
      .filter((each) => each.fromMs <= toMs && each.toMs >= fromMs)
      .some(({ fault }) => {
        if (fault.kind === "llm") return false;
        if (fault.kind === "outage" || fault.kind === "network") return targetOf(fault) === platform;
        return fault.kind !== "discord" || platform === "discord";
      });
  }

  /** Whether another platform than that one is down. */
  isAnotherDown(platform: PlatformName, atMs: number): boolean {
    return this.at(atMs).some((fault) => {
      const target = targetOf(fault);
      return target !== undefined && target !== platform && target !== "llm";
    });
  }

  /** What was done last, is over, and concerned that platform, or all. */
  lastOn(
    platform: PlatformName | undefined,
    atMs: number,
  ): { fault: StabilityFaultKind; sinceMs: number } | undefined {
    const concerns = (fault: StabilityFaultKind): boolean => {
      if (fault.kind === "network")
        return fault.service === "ollama" || platform === undefined || fault.service === platform;
      if (fault.kind === "outage")
        return fault.target === "llm" || platform === undefined || fault.target === platform;
      return fault.kind !== "discord" || platform === undefined || platform === "discord";
    };
    const last = this.#all.findLast(({ fault, toMs }) => toMs <= atMs && concerns(fault));
    return last && { fault: last.fault, sinceMs: last.toMs };
  }
}

/** Whether a fault takes a service away wholly, so that the companion must find its way back. */
export function takesServiceAway(fault: StabilityFaultKind): boolean {
  return targetOf(fault) !== undefined;
}

/** What is out of reach during a fault. */
function targetOf(fault: StabilityFaultKind): OutageTarget | undefined {
  if (fault.kind === "outage") return fault.target;
  if (fault.kind !== "network" || !cutsConnections(fault)) return undefined;
  return fault.service === "ollama" ? "llm" : fault.service;
}
