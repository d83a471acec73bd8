import type { StabilityFinding } from "./stability_results.ts";
import type { Requirement } from "./stability_thresholds.ts";

const MOST_FINDINGS = 200;

/** What is wrong, each thing once with how often it came: bounded, however long and bad a run is. */
export class FindingLog {
  readonly #findings = new Map<string, StabilityFinding>();
  readonly #reproduce: (atMs: number) => string;

  constructor(reproduce: (atMs: number) => string, from: readonly StabilityFinding[] = []) {
    this.#reproduce = reproduce;
    for (const finding of from) this.#findings.set(keyOf(finding), finding);
  }

  get all(): readonly StabilityFinding[] {
    return [...this.#findings.values()];
  }

  /**
   * @param key Tells it from others of its kind. @default the message
   * @returns Whether it is new.
   */
  add(
    requirement: Requirement,
    kind: string,
    message: string,
    atMs: number,
    options: { readonly key?: string; readonly count?: number } = {},
  ): boolean {
    const { count = 1, key: given = message } = options;
    const key = `${requirement} ${kind} ${given}`;
    const known = this.#findings.get(key);
    if (!known && this.#findings.size >= MOST_FINDINGS) return false;
    const first = known ?? { requirement, kind, message, atMs, count: 0, reproduce: this.#reproduce(atMs) };
    this.#findings.set(key, { ...first, count: first.count + count });
    return known === undefined;
  }

  of(requirement: Requirement): readonly StabilityFinding[] {
    return this.all.filter((finding) => finding.requirement === requirement);
  }
}

function keyOf({ requirement, kind, message }: StabilityFinding): string {
  return `${requirement} ${kind} ${message}`;
}
