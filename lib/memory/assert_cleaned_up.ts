import { systemClock } from "../base/system_clock.ts";
import type { ListenerSource } from "./_listener_counts.ts";
import { formatLeftovers, type Leftover, ResourceInventory } from "./_resource_inventory.ts";

export type { ListenerSource } from "./_listener_counts.ts";
export type { Leftover } from "./_resource_inventory.ts";

/** What is watched beside handles, requests, threads, timers, descriptors and the listeners of `process`. */
export interface WatchCleanUpOptions {
  /** Emitters whose listeners count, by the name that a complaint gives them. */
  readonly emitters?: Readonly<Record<string, ListenerSource>> | undefined;
  /**
   * Folders in which nothing may be left, at any depth. In `os.tmpdir()` other programs write too: leave theirs out by
   * {@linkcode AssertCleanedUpOptions.ignore}.
   *
   * @default {[]}
   */
  readonly directories?: readonly string[] | undefined;
}

/** Options of {@linkcode assertCleanedUp}. */
export interface AssertCleanedUpOptions {
  /** Real milliseconds that things may take to go. @default {1000} */
  readonly graceMs?: number | undefined;
  /** What may stay, by a part of its text. @default {[]} */
  readonly ignore?: readonly (string | RegExp)[] | undefined;
}

/** Something was left behind. */
export class NotCleanedUpError extends Error {
  override readonly name = "NotCleanedUpError";
  readonly left: readonly Leftover[];

  constructor(left: readonly Leftover[]) {
    super(`Cannot see it cleaned up: nothing must be left, got ${left.length}:${formatLeftovers(left)}`);
    this.left = left;
  }
}

/** What there was at a moment; made by {@linkcode watchCleanUp}. Disposing of it ends the watch. */
export interface CleanUpWatch extends Disposable {
  /** What this runtime or system does not tell, in sentences: of that nothing is found. */
  readonly unsupported: readonly string[];
}

const inventories = new WeakMap<CleanUpWatch, ResourceInventory>();
const STEP_MS = 10;

/** Notes what is there now, and where what comes is made, for {@linkcode assertCleanedUp}. */
export function watchCleanUp(options: WatchCleanUpOptions = {}): CleanUpWatch {
  const { emitters = {}, directories = [] } = options;
  const inventory = new ResourceInventory(emitters, directories);
  const watch: CleanUpWatch = {
    unsupported: inventory.unsupported,
    [Symbol.dispose]: () => inventory[Symbol.dispose](),
  };
  inventories.set(watch, inventory);
  return watch;
}

/**
 * Resolves when nothing is left of what came since the watch began: sockets, servers, child processes, requests such as look-ups
 * of names, threads, timers (those that keep the process alive or not), event listeners, files, descriptors. Each that is left
 * is told with what it is and, where it is known, the line that made it. Timers that the runtime sets for itself do not count.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { once } from "node:events";
 * import { createServer } from "node:http";
 * import { assertCleanedUp, watchCleanUp } from "demi-health/memory";
 *
 * using watch = watchCleanUp();
 * const server = createServer().listen(0, "127.0.0.1");
 * await once(server, "listening");
 * await assert.rejects(assertCleanedUp(watch, { graceMs: 0 }), /server on 127\.0\.0\.1/);
 * server.close();
 * await assertCleanedUp(watch);
 * ```
 *
 * @throws {NotCleanedUpError} If something is left when the grace is over.
 * @throws {RangeError} If the grace is negative or no number.
 */
export async function assertCleanedUp(
  watch: CleanUpWatch,
  options: AssertCleanedUpOptions = {},
): Promise<void> {
  const { graceMs = 1000, ignore = [] } = options;
  if (!(graceMs >= 0)) {
    throw new RangeError(`Cannot see it cleaned up: 'graceMs' must be >= 0, got ${graceMs}`);
  }
  const inventory = inventories.get(watch);
  if (!inventory) {
    throw new TypeError("Cannot see it cleaned up: 'watch' must be made by watchCleanUp, got another object");
  }
  const isIgnored = ({ what }: Leftover): boolean =>
    ignore.some((each) => (typeof each === "string" ? what.includes(each) : each.test(what)));
  const deadline = systemClock.monotonicMs() + graceMs;
  for (;;) {
    const left = inventory.leftovers().filter((each) => !isIgnored(each));
    if (left.length === 0) return;
    if (systemClock.monotonicMs() >= deadline) throw new NotCleanedUpError(left);
    await inventory.sleep(STEP_MS);
  }
}
