import * as v8 from "node:v8";
import type { Clock } from "../base/clock.ts";
import { formatDuration } from "../base/format.ts";
import { systemClock } from "../base/system_clock.ts";
import { UnsupportedError } from "../base/unsupported_error.ts";
import { collectGarbage } from "./force_gc.ts";

/** Options of {@linkcode ObjectTracker}. */
export interface ObjectTrackerOptions {
  /** Keeps where each object was tracked: some microseconds and some hundred bytes each. @default {false} */
  readonly stacks?: boolean | undefined;
  /** @default {systemClock} */
  readonly clock?: Clock | undefined;
}

/** How many there are of a label. */
export interface LabelCensus {
  readonly label: string;
  readonly tracked: number;
  readonly collected: number;
  readonly alive: number;
  /** Of those alive: how many were released, and ought to be gone. */
  readonly overdue: number;
  /** Age of the oldest that is alive, milliseconds. */
  readonly oldestMs: number | undefined;
}

/** An object that is alive; the object itself is not held. */
export interface RetainedObject {
  readonly label: string;
  readonly ageMs: number;
  /** Milliseconds since it was released; undefined where it was not. */
  readonly releasedForMs: number | undefined;
  /** Where it was tracked, the caller first. Empty unless asked for. */
  readonly stack: readonly string[];
}

/** Objects that ought to have been collected are alive. */
export class RetainedObjectsError extends Error {
  override readonly name = "RetainedObjectsError";
  readonly label: string;
  /** The oldest first. */
  readonly retained: readonly RetainedObject[];

  constructor(label: string, retained: readonly RetainedObject[]) {
    const [oldest] = retained;
    const where = oldest?.stack[0] === undefined ? "" : `, tracked ${oldest.stack[0]}`;
    const since = oldest ? `, the oldest for ${formatDuration(oldest.ageMs)}${where}` : "";
    super(
      `Cannot see '${label}' collected: none must be alive after a full collection, got ${retained.length}${since}`,
    );
    this.label = label;
    this.retained = retained;
  }
}

interface Entry {
  readonly ref: WeakRef<WeakKey>;
  readonly label: string;
  readonly trackedAt: number;
  readonly stack: readonly string[];
  releasedAt: number | undefined;
}

interface Group {
  readonly alive: Set<Entry>;
  tracked: number;
}

type Constructor = abstract new (...args: never[]) => unknown;

const STACK_LINES = 8;
const REBUILD_FROM = 10_000;

/**
 * Counts objects by label without holding them, and tells which outlive their time: sessions, connections, conversations
 * that something still points at. An object costs some 200 bytes while it lives and nothing once it is collected; a label is
 * kept for ever, so it names a kind of object, not one.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { ObjectTracker } from "demi-health/memory";
 *
 * const tracker = new ObjectTracker();
 * const kept: object[] = [];
 * (() => void kept.push(tracker.track({ user: "ada" }, "session")))();
 * await assert.rejects(tracker.expectCollected("session"), { name: "RetainedObjectsError" });
 * kept.length = 0;
 * await tracker.expectCollected("session");
 * ```
 */
export class ObjectTracker {
  readonly #clock: Clock;
  readonly #stacks: boolean;
  readonly #groups = new Map<string, Group>();
  #entries = new WeakMap<WeakKey, Entry>();
  #living = 0;
  #mostSinceRebuild = 0;
  readonly #classes = new Map<string, Constructor>();
  readonly #registry = new FinalizationRegistry<Entry>((entry) => this.#forget(entry));

  constructor(options: ObjectTrackerOptions = {}) {
    const { stacks = false, clock = systemClock } = options;
    this.#stacks = stacks;
    this.#clock = clock;
  }

  /**
   * Counts an object from now on, and gives it back. Tracked twice it counts once, under its first label.
   *
   * @throws {TypeError} If it is no object, or the label is empty.
   */
  track<T extends WeakKey>(object: T, label: string): T {
    if ((typeof object !== "object" && typeof object !== "function") || object === null) {
      throw new TypeError(`Cannot track: 'object' must be an object, got ${String(object)}`);
    }
    if (label === "") throw new TypeError("Cannot track: 'label' must not be empty");
    if (this.#entries.has(object)) return object;
    const entry: Entry = {
      ref: new WeakRef(object),
      label,
      trackedAt: this.#clock.now(),
      stack: this.#stacks ? callers() : [],
      releasedAt: undefined,
    };
    let group = this.#groups.get(label);
    if (!group) this.#groups.set(label, (group = { alive: new Set(), tracked: 0 }));
    group.alive.add(entry);
    group.tracked++;
    this.#mostSinceRebuild = Math.max(this.#mostSinceRebuild, ++this.#living);
    this.#entries.set(object, entry);
    this.#registry.register(object, entry);
    return object;
  }

  /** Says that an object is not needed any more: from now on it ought to be collected. */
  release(object: WeakKey): void {
    const entry = this.#entries.get(object);
    if (entry) entry.releasedAt ??= this.#clock.now();
  }

  /** Counts of all labels, in the order in which they came. What died since the last collection is counted as alive. */
  census(): readonly LabelCensus[] {
    const now = this.#clock.now();
    return [...this.#groups].map(([label, { alive, tracked }]) => {
      const entries = living(alive);
      const oldest = entries.reduce((least, { trackedAt }) => Math.min(least, trackedAt), Infinity);
      return {
        label,
        tracked,
        collected: tracked - entries.length,
        alive: entries.length,
        overdue: entries.filter(({ releasedAt }) => releasedAt !== undefined).length,
        oldestMs: entries.length > 0 ? now - oldest : undefined,
      };
    });
  }

  /**
   * Objects that were released at least so long ago and are alive all the same, the oldest first. Collect garbage before, or
   * ask with a time that is longer than collections are apart.
   */
  overdue(graceMs: number = 0): readonly RetainedObject[] {
    return [...this.#groups.values()]
      .flatMap(({ alive }) => this.#describe(alive))
      .filter(({ releasedForMs }) => releasedForMs !== undefined && releasedForMs >= graceMs)
      .sort((a, b) => b.ageMs - a.ageMs);
  }

  /**
   * Resolves when all objects of a label that were tracked so far have been collected. Forces full collections.
   *
   * @throws {RetainedObjectsError} If some are alive after three of them.
   * @throws {RangeError} If none was ever tracked: the check could not fail.
   * @throws {UnsupportedError} Where nobody can force a collection (Deno without its flag).
   */
  async expectCollected(label: string): Promise<void> {
    const group = this.#groups.get(label);
    if (!group) {
      const known = [...this.#groups.keys()].join(", ") || "none";
      throw new RangeError(
        `Cannot expect collection: 'label' must be of tracked objects (${known}), got ${label}`,
      );
    }
    const asked = new Set(group.alive);
    // an object that others point at only weakly, or through a finalizer, may take a second collection
    for (let round = 0; round < 3; round++) {
      await collectGarbage();
      if (living(asked).length === 0) return;
    }
    throw new RetainedObjectsError(label, this.#describe(asked));
  }

  /**
   * Counts all instances of a class in {@linkcode ObjectTracker.countInstances}, tracked or not.
   *
   * @param name Default: the class's own.
   */
  registerClass(constructor: Constructor, name: string = constructor.name): void {
    this.#classes.set(name, constructor);
  }

  /** Whether there is a class to count. */
  get hasClasses(): boolean {
    return this.#classes.size > 0;
  }

  /**
   * Living instances of the registered classes, by name. Stops the process: 1.6 s on a heap of 200 MB for each class.
   *
   * @throws {UnsupportedError} Where the runtime has no `v8.queryObjects`.
   */
  countInstances(): Readonly<Record<string, number>> {
    const { queryObjects } = v8 as {
      queryObjects?: (constructor: unknown, options: { readonly format: "count" }) => number;
    };
    if (typeof queryObjects !== "function") {
      throw new UnsupportedError("count instances", "function 'queryObjects' of node:v8");
    }
    const counts = [...this.#classes].map(
      ([name, constructor]) => [name, queryObjects(constructor, { format: "count" })] as const,
    );
    return Object.fromEntries(counts);
  }

  #forget(entry: Entry): void {
    this.#groups.get(entry.label)?.alive.delete(entry);
    this.#living--;
    if (this.#mostSinceRebuild >= REBUILD_FROM && this.#living <= this.#mostSinceRebuild / 8) this.#rebuild();
  }

  // V8 never makes the table of a WeakMap smaller: that of a million dead entries keeps 30 MB.
  #rebuild(): void {
    const entries = new WeakMap<WeakKey, Entry>();
    for (const { alive } of this.#groups.values()) {
      for (const entry of alive) {
        const object = entry.ref.deref();
        if (object !== undefined) entries.set(object, entry);
      }
    }
    this.#entries = entries;
    this.#mostSinceRebuild = this.#living;
  }

  #describe(entries: Iterable<Entry>): readonly RetainedObject[] {
    const now = this.#clock.now();
    return living(entries)
      .map(({ label, trackedAt, releasedAt, stack }) => ({
        label,
        ageMs: now - trackedAt,
        releasedForMs: releasedAt === undefined ? undefined : now - releasedAt,
        stack,
      }))
      .sort((a, b) => b.ageMs - a.ageMs);
  }
}

function living(entries: Iterable<Entry>): readonly Entry[] {
  return [...entries].filter(({ ref }) => ref.deref() !== undefined);
}

function callers(): readonly string[] {
  const { stack = "" } = new Error("tracked");
  // the message, this function and `track`
  return stack
    .split("\n")
    .slice(3, 3 + STACK_LINES)
    .map((line) => line.trim());
}
