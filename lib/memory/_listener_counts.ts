import { isOwnListener } from "./_made_resources.ts";

/** As much of an `EventEmitter` as is needed. */
export interface ListenerSource {
  eventNames(): readonly (string | symbol)[];
  listenerCount(name: string | symbol): number;
  /** Where it is there, a listener that took another's place is seen, and named. */
  rawListeners?(name: string | symbol): readonly unknown[];
}

interface Counted {
  readonly count: number;
  /** How often each function listened; does not hold them. */
  readonly functions: WeakMap<WeakKey, number>;
}

/** Who listens to some emitters at a moment, and who came since. */
export class ListenerCounts {
  readonly #emitters: readonly (readonly [name: string, emitter: ListenerSource])[];
  readonly #before: ReadonlyMap<ListenerSource, ReadonlyMap<string | symbol, Counted>>;

  constructor(emitters: Readonly<Record<string, ListenerSource>>) {
    this.#emitters = Object.entries(emitters);
    this.#before = new Map(
      this.#emitters.map(([, emitter]) => [
        emitter,
        new Map(emitter.eventNames().map((event) => [event, count(emitter, event)])),
      ]),
    );
  }

  /** In words, one an event, such as `2 listeners for 'message' of bot (onMessage, log)`. */
  added(): readonly string[] {
    return this.#emitters.flatMap(([name, emitter]) =>
      emitter.eventNames().flatMap((event) => {
        const before = this.#before.get(emitter)?.get(event);
        const listeners = emitter.rawListeners?.(event).filter(isFunction);
        const names = listeners && newcomers(listeners, before?.functions);
        const more = names?.length ?? emitter.listenerCount(event) - (before?.count ?? 0);
        if (more <= 0) return [];
        const who = names ? ` (${names.join(", ")})` : "";
        return [`${more} listener${more > 1 ? "s" : ""} for '${String(event)}' of ${name}${who}`];
      }),
    );
  }
}

function count(emitter: ListenerSource, event: string | symbol): Counted {
  const functions = new WeakMap<WeakKey, number>();
  for (const each of emitter.rawListeners?.(event) ?? []) {
    if (isFunction(each)) functions.set(each, (functions.get(each) ?? 0) + 1);
  }
  return { count: emitter.listenerCount(event), functions };
}

function newcomers(
  listeners: readonly Listener[],
  before: WeakMap<WeakKey, number> | undefined,
): readonly string[] {
  const seen = new Map<Listener, number>();
  const names: string[] = [];
  for (const each of listeners) {
    if (isOwnListener(each)) continue;
    const times = (seen.get(each) ?? 0) + 1;
    seen.set(each, times);
    if (times > (before?.get(each) ?? 0)) names.push((each.listener ?? each).name || "anonymous");
  }
  return names;
}

type Listener = ((...args: never[]) => unknown) & {
  /** Of the wrapper that `once` makes. */
  readonly listener?: { readonly name: string };
};

function isFunction(value: unknown): value is Listener {
  return typeof value === "function";
}
