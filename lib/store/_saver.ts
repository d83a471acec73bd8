import type { Clock, ClockTimer } from "../base/clock.ts";
import { replaceFile } from "./_image_file.ts";
import { StoreSaveError } from "./store_errors.ts";

const RETRY_MS = 4000;

/** Options of {@linkcode Saver}. */
interface SaverOptions {
  readonly clock: Clock;
  readonly intervalMs: number;
  readonly onError: (error: unknown) => void;
}

/** Writes an image to its file when it has changed: at an interval and on demand, never twice at once. */
export class Saver {
  readonly #path: string;
  readonly #takeImage: () => Uint8Array;
  readonly #clock: Clock;
  readonly #timer: ClockTimer;
  #dirty = false;
  #retryAt = -Infinity;
  #isFailing = false;
  #running: Promise<void> | undefined;

  constructor(path: string, takeImage: () => Uint8Array, options: SaverOptions) {
    const { clock, intervalMs, onError } = options;
    this.#path = path;
    this.#takeImage = takeImage;
    this.#clock = clock;
    const saveIfIdle = (): void => {
      if (!this.#running && clock.monotonicMs() >= this.#retryAt) this.#saveOrTell(onError);
    };
    this.#timer = clock.setRepeating(saveIfIdle, intervalMs, { keepAlive: false });
  }

  /** Says that the image is no longer what is in the file. */
  markDirty(): void {
    this.#dirty = true;
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

  /** Tells of a failure once, until a save has worked again, and leaves the disk alone for a while. */
  #saveOrTell(onError: (error: unknown) => void): void {
    this.save().then(
      () => (this.#isFailing = false),
      (error: unknown) => {
        this.#retryAt = this.#clock.monotonicMs() + RETRY_MS;
        if (!this.#isFailing) onError(error);
        this.#isFailing = true;
      },
    );
  }

  async #write(): Promise<void> {
    this.#dirty = false;
    try {
      await replaceFile(this.#path, this.#takeImage());
    } catch (error) {
      this.#dirty = true;
      throw new StoreSaveError(this.#path, error);
    }
  }
}
