/** What must hold for a run, beyond the thresholds. */
export interface PropertyDeclaration {
  /**
   * `always`: whenever it is looked at. `sometimes`: at least once in the run. `reachable`: that place was come to at
   * least once.
   */
  readonly kind: "always" | "sometimes" | "reachable";
  /** A sentence that holds: `a reply is never empty`. */
  readonly name: string;
}

/** What became of one property. */
export interface PropertyResult extends PropertyDeclaration {
  /** `never-reached`: nobody ever looked, or came there; for `sometimes`: looked, and it never held. */
  readonly outcome: "held" | "failed" | "never-reached";
  /** How often it was looked at. */
  readonly looks: number;
  /** How often it did not hold; for `sometimes`: how often it did. */
  readonly hits: number;
  /** Milliseconds since the beginning of the run: the first time it failed, or held. */
  readonly firstAtMs: number | undefined;
  /** What was given with the first failure. */
  readonly details: string | undefined;
}

/** Where a {@linkcode PropertyChecks} goes on. */
export type PropertyState = readonly PropertyResult[];

const MOST_PROPERTIES = 1000;
const MOST_DETAILS = 500;

interface Tally {
  readonly kind: PropertyDeclaration["kind"];
  looks: number;
  hits: number;
  firstAtMs: number | undefined;
  details: string | undefined;
}

/**
 * Assertions of a long run, which go on after they failed: what must hold whenever it is looked at, what must happen at
 * least once, and places that must be reached. One that is declared and never looked at is told, as a check that
 * never ran proves nothing.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { PropertyChecks } from "demi-health/stability";
 *
 * const checks = new PropertyChecks([{ kind: "reachable", name: "the retry path is taken" }]);
 * checks.always("a reply is not empty", "Hello".length > 0);
 * checks.sometimes("a reply is long", "Hello".length > 100);
 * assert.deepEqual(
 *   checks.results.map(({ outcome }) => outcome),
 *   ["never-reached", "held", "never-reached"],
 * );
 * ```
 */
export class PropertyChecks {
  readonly #tallies = new Map<string, Tally>();
  readonly #now: () => number;

  /** @param now Milliseconds since the beginning of the run. */
  constructor(declared: readonly PropertyDeclaration[] = [], now: () => number = () => 0) {
    this.#now = now;
    for (const { kind, name } of declared) this.#tally(kind, name);
  }

  /** Must hold each time. Returns `holds`. */
  always(name: string, holds: boolean, details?: string): boolean {
    const tally = this.#tally("always", name);
    tally.looks++;
    if (!holds) this.#hit(tally, details);
    return holds;
  }

  /** Must hold at least once in the run. Returns `holds`. */
  sometimes(name: string, holds: boolean): boolean {
    const tally = this.#tally("sometimes", name);
    tally.looks++;
    if (holds) this.#hit(tally);
    return holds;
  }

  /** A place that must be come to at least once. */
  reachable(name: string): void {
    const tally = this.#tally("reachable", name);
    tally.looks++;
    this.#hit(tally);
  }

  /** In the order in which they were declared or first looked at. */
  get results(): readonly PropertyResult[] {
    return [...this.#tallies].map(([name, tally]) => ({ name, ...tally, outcome: outcomeOf(tally) }));
  }

  /** Goes on from what was counted before. */
  restore(state: PropertyState): void {
    for (const { name, kind, looks, hits, firstAtMs, details } of state) {
      Object.assign(this.#tally(kind, name), { looks, hits, firstAtMs, details });
    }
  }

  #tally(kind: PropertyDeclaration["kind"], name: string): Tally {
    const known = this.#tallies.get(name);
    if (known?.kind === kind) return known;
    if (known) throw new TypeError(`Cannot check property: '${name}' must be ${known.kind}, got ${kind}`);
    if (this.#tallies.size >= MOST_PROPERTIES) {
      throw new RangeError(
        `Cannot check property: there must be at most ${MOST_PROPERTIES}, got one more: ${name}`,
      );
    }
    const fresh: Tally = { kind, looks: 0, hits: 0, firstAtMs: undefined, details: undefined };
    this.#tallies.set(name, fresh);
    return fresh;
  }

  #hit(tally: Tally, details?: string): void {
    if (tally.hits++ > 0) return;
    tally.firstAtMs = this.#now();
    tally.details = details?.slice(0, MOST_DETAILS);
  }
}

function outcomeOf({ kind, looks, hits }: Tally): PropertyResult["outcome"] {
  if (kind === "always") return hits > 0 ? "failed" : looks > 0 ? "held" : "never-reached";
  return hits > 0 ? "held" : "never-reached";
}
