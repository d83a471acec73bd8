import type { Clock, ClockTimer } from "../base/clock.ts";
import type { Trouble } from "./_trouble.ts";
import { StoreSaveError } from "./store_errors.ts";

const RETRY_MS = 4000;

/** All that was added by a moment. */
export interface Image {
  /** Its bytes. They take a while: another thread makes them. */
  readonly make: () => Promise<Uint8Array>;
  /** It is durable. */
  readonly onSaved: () => Promise<void>;
  /** It is not. */
  readonly onFailed: () => void;
}

/** Options of {@linkcode Saver}. */
interface SaverOptions {
  readonly replace: (path: string, bytes: Uint8Array) => Promise<void>;
  readonly clock: Clock;
  readonly intervalMs: number;
  readonly trouble: Trouble;
}

/** Writes an image to its file when it has changed: at an interval and on demand, never twice at once. */
export class Saver {
  readonly #path: string;
  readonly #takeImage: () => Image;
  readonly #replace: SaverOptions["replace"];
  readonly #clock: Clock;
  readonly #timer: ClockTimer;
  readonly #trouble: Trouble;
  #dirty = false;
  #retryAt = -Infinity;
  #running: Promise<void> | undefined;

  constructor(path: string, takeImage: () => Image, options: SaverOptions) {
    const { clock, intervalMs, replace, trouble } = options;
    this.#replace = replace;
    this.#trouble = trouble;
    this.#path = path;
    this.#takeImage = takeImage;
    this.#clock = clock;
    this.#timer = clock.setRepeating(() => this.saveSoon(), intervalMs, { keepAlive: false });
  }

  /** Says that the image is no longer what is in the file. */
  markDirty(): void {
    this.#dirty = true;
  }

  /** Saves unless it is at it, or a save has just failed; tells of a failure. */
  saveSoon(): void {
    if (!this.#running && this.#clock.monotonicMs() >= this.#retryAt) this.#saveOrTell();
  }

  /** Resolves when everything up to now is in the file. */
  async save(): Promise<void> {
    while (this.#running) await this.#running.catch(() => undefined); // its own caller is told
    if (!this.#dirty) return;
    this.#running = this.#clock.track(this.#write(), "save metrics").finally(() => {
      this.#running = undefined;
    });
    await this.#running;
  }

  /** Ends the saving at an interval. */
  stop(): void {
    this.#timer.cancel();
  }

  /** Leaves the disk alone for a while after a failure. */
  #saveOrTell(): void {
    this.save().then(
      () => this.#trouble.isOver(),
      (error: unknown) => {
        this.#retryAt = this.#clock.monotonicMs() + RETRY_MS;
        this.#trouble.tell(error);
      },
    );
  }

  async #write(): Promise<void> {
    this.#dirty = false;
    const image = this.#takeImage();
    try {
      await this.#replace(this.#path, await image.make());
    } catch (error) {
      this.#dirty = true;
      image.onFailed();
      throw new StoreSaveError(this.#path, error);
    }
    await image.onSaved();
  }
}
