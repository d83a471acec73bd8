import { type Labels, parseSampleKey } from "../metrics/sample_key.ts";
import type { ChunkKeeper } from "./_columns.ts";
import { Series } from "./_series.ts";

// A label value of the registry has 1,024 characters at most, twice as many when escaped.
const MOST_KEY_LENGTH = 16_384;

/** All series of a store, by key and by metric. */
export class SeriesIndex {
  readonly #byKey = new Map<string, Series>();
  readonly #byName = new Map<string, Map<number, Series>>();
  readonly #keeper: ChunkKeeper;
  #lastId = 0;

  constructor(keeper: ChunkKeeper) {
    this.#keeper = keeper;
  }

  /** Number of series. */
  get size(): number {
    return this.#byKey.size;
  }

  get(key: string): Series | undefined {
    return this.#byKey.get(key);
  }

  all(): Series[] {
    return [...this.#byKey.values()];
  }

  /** Series of a metric, or of all, that have all of these labels, and maybe more. */
  select(name: string | undefined, labels: Labels = {}): Series[] {
    const wanted = Object.entries(labels);
    const candidates = name === undefined ? this.all() : [...(this.#byName.get(name)?.values() ?? [])];
    return candidates.filter((series) => wanted.every(([label, value]) => series.labels[label] === value));
  }

  /**
   * A series that is not among the others yet: `add` makes it so.
   *
   * @throws {SyntaxError} If `key` is no sample key.
   * @throws {RangeError} If `key` is too long.
   */
  make(key: string, id: number = this.#lastId + 1): Series {
    if (key.length > MOST_KEY_LENGTH) {
      throw new RangeError(
        `Cannot append samples: a key must have at most ${MOST_KEY_LENGTH} characters, got ${key.length}: ${key.slice(0, 80)}…`,
      );
    }
    return new Series({ id, key, ...parseSampleKey(key) }, this.#keeper);
  }

  add(series: Series): void {
    this.#lastId = Math.max(this.#lastId, series.id);
    this.#byKey.set(series.key, series);
    series.isListed = true;
    const siblings = this.#byName.get(series.name) ?? new Map<number, Series>();
    this.#byName.set(series.name, siblings.set(series.id, series));
  }

  remove(series: Series): void {
    const { id, key, name } = series;
    series.isListed = false;
    this.#byKey.delete(key);
    this.#byName.get(name)?.delete(id);
  }
}
