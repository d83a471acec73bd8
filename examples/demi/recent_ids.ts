const KEPT = 1000;

/** The last 1000 ids that were seen: a platform may deliver a message twice, and she must answer it once. */
export class RecentIds {
  readonly #ids = new Set<string>();

  /** Notes an id, and says whether it is new. */
  add(id: string): boolean {
    if (this.#ids.has(id)) return false;
    this.#ids.add(id);
    if (this.#ids.size > KEPT) for (const oldest of this.#ids) return this.#ids.delete(oldest);
    return true;
  }
}
