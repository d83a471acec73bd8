/** Something to be done at a moment. */
export interface HeapEntry {
  readonly due: number;
  readonly callback: () => void;
}

/** The least that a clock needs: a binary heap by due time, without cancelling and without order among equals. */
export class BareHeap {
  readonly #entries: HeapEntry[] = [];

  push(due: number, callback: () => void): void {
    const [entries, entry] = [this.#entries, { due, callback }];
    let i = entries.push(entry) - 1;
    for (let parent = (i - 1) >> 1; i > 0 && due < entries[parent]!.due; parent = (i - 1) >> 1) {
      entries[i] = entries[parent]!;
      i = parent;
    }
    entries[i] = entry;
  }

  /** Takes the first; there has to be one. */
  pop(): HeapEntry {
    const entries = this.#entries;
    const first = entries[0]!;
    const last = entries.pop()!;
    if (entries.length === 0) return first;
    let i = 0;
    for (let child = 1; child < entries.length; child = 2 * i + 1) {
      if (child + 1 < entries.length && entries[child + 1]!.due < entries[child]!.due) child++;
      if (entries[child]!.due >= last.due) break;
      entries[i] = entries[child]!;
      i = child;
    }
    entries[i] = last;
    return first;
  }
}
