import type { PlatformName } from "../harness/environment.ts";
import type { StabilityFaultKind } from "./stability_faults.ts";

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
    return (
      this.isOff(atMs) || this.at(atMs).some((fault) => fault.kind === "outage" && fault.target === platform)
    );
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
        if (fault.kind === "outage") return fault.target === platform;
        return fault.kind !== "discord" || platform === "discord";
      });
  }

  /** Whether another platform than that one is down. */
  isAnotherDown(platform: PlatformName, atMs: number): boolean {
    return this.at(atMs).some(
      (fault) => fault.kind === "outage" && fault.target !== platform && fault.target !== "llm",
    );
  }
}
