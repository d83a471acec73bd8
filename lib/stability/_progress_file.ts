import { join } from "node:path";
import { systemClock } from "../base/system_clock.ts";
import { replaceFile } from "../store/_image_file.ts";
import type { StabilityProgress } from "./stability_options.ts";

const EVERY_MS = 1000;

/** Name of the file in a run's directory that says how far it is: it answers after the run died, too. */
export const PROGRESS_FILE = "progress.json";

/** Writes how far a run is: once a second of real time, and with each checkpoint. */
export class ProgressFile {
  readonly #path: string;
  #writtenMs = -Infinity;
  #writing: Promise<void> | undefined;

  constructor(directory: string) {
    this.#path = join(directory, PROGRESS_FILE);
  }

  /** Whether it is time to write again. */
  get isDue(): boolean {
    return this.#writing === undefined && systemClock.monotonicMs() - this.#writtenMs >= EVERY_MS;
  }

  offer(progress: StabilityProgress): void {
    if (!this.isDue) return;
    this.#writtenMs = systemClock.monotonicMs();
    this.#writing = this.#write(progress)
      .catch(() => undefined) // a full disk is told by the checkpoint
      .finally(() => (this.#writing = undefined));
  }

  /** Writes it whenever that is: at a checkpoint, and at the end. */
  async write(progress: StabilityProgress): Promise<void> {
    while (this.#writing) await this.#writing;
    this.#writtenMs = systemClock.monotonicMs();
    this.#writing = this.#write(progress).finally(() => (this.#writing = undefined));
    await this.#writing;
  }

  async #write(progress: StabilityProgress): Promise<void> {
    await replaceFile(this.#path, Buffer.from(`${JSON.stringify(progress)}\n`));
  }
}
