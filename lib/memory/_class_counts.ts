// This module is browser-safe.
import type { HeapClass, HeapSnapshotSummary } from "./heap_snapshot_summary.ts";

interface Count {
  count: number;
  selfBytes: number;
}

/** The words of Chrome's DevTools for what has no constructor. */
const FIXED: Readonly<Record<string, string>> = {
  hidden: "(system)",
  code: "(compiled code)",
  closure: "Function",
  regexp: "RegExp",
};

/** Types whose nodes are called by their constructor; all of another type go together. */
const NAMED: ReadonlySet<string> = new Set(["object", "native"]);

/** Counts nodes by class: by the index of its name, until that is known. */
export class ClassCounts {
  readonly #types: readonly string[];
  readonly #isNamed: readonly boolean[];
  readonly #ofType: readonly Count[];
  readonly #ofName = new Map<number, Count>();
  readonly #names = new Map<number, string>();

  constructor(types: readonly string[]) {
    this.#types = types;
    this.#isNamed = types.map((type) => NAMED.has(type));
    this.#ofType = types.map(() => ({ count: 0, selfBytes: 0 }));
  }

  /** Whether there is such a type: the node was counted. */
  add(type: number, name: number, selfSize: number): boolean {
    let count = this.#ofType[type];
    if (!count) return false;
    if (this.#isNamed[type]) {
      count = this.#ofName.get(name);
      if (!count) this.#ofName.set(name, (count = { count: 0, selfBytes: 0 }));
    }
    count.count++;
    count.selfBytes += selfSize;
    return true;
  }

  isUsed(name: number): boolean {
    return this.#ofName.has(name);
  }

  resolve(name: number, text: string): void {
    this.#names.set(name, text);
  }

  /** Whether a name that nodes have was not told. */
  get hasUnresolved(): boolean {
    return this.#names.size < this.#ofName.size;
  }

  summarize(limit: number): HeapSnapshotSummary {
    const all = this.#mergeByName();
    const classes = all.slice(0, limit);
    return {
      ...sum(all),
      classes,
      others: { classes: all.length - classes.length, ...sum(all.slice(limit)) },
    };
  }

  #mergeByName(): readonly HeapClass[] {
    const merged = new Map<string, Count>();
    const merge = (name: string, { count, selfBytes }: Count): void => {
      const known = merged.get(name);
      if (known) {
        known.count += count;
        known.selfBytes += selfBytes;
      } else if (count > 0) merged.set(name, { count, selfBytes });
    };
    this.#types.forEach((type, index) => merge(FIXED[type] ?? `(${type})`, this.#ofType[index]!));
    for (const [index, count] of this.#ofName) merge(this.#names.get(index) ?? "", count);
    return [...merged]
      .map(([name, { count, selfBytes }]) => ({ name, count, selfBytes }))
      .sort((a, b) => b.selfBytes - a.selfBytes || b.count - a.count || (a.name < b.name ? -1 : 1));
  }
}

function sum(classes: readonly HeapClass[]): { readonly count: number; readonly selfBytes: number } {
  return classes.reduce(
    (total, { count, selfBytes }) => ({ count: total.count + count, selfBytes: total.selfBytes + selfBytes }),
    { count: 0, selfBytes: 0 },
  );
}
