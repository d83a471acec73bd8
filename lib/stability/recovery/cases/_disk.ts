import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Hindrance, toSentence } from "../_hindrance.ts";

const SIZE_BYTES = 8 * 1024 * 1024;
const FILLERS_BYTES = [64 * 1024, 4096];

/** A small file system of its own in memory, for a data directory; gone when disposed. */
export class SmallDisk implements AsyncDisposable {
  readonly directory: string;
  #fillers = 0;

  private constructor(directory: string) {
    this.directory = directory;
  }

  /** @throws {Hindrance} Where none can be mounted: that needs Linux, and root. */
  static async mount(): Promise<SmallDisk> {
    const directory = await mkdtemp(join(tmpdir(), "demi-disk-"));
    try {
      await promisify(execFile)("mount", [
        "-t",
        "tmpfs",
        "-o",
        `size=${SIZE_BYTES}`,
        "demi-health",
        directory,
      ]);
      return new SmallDisk(directory);
    } catch (error) {
      await rm(directory, { recursive: true, force: true });
      const why = toSentence(error).split("\n").slice(0, 2).join(": ");
      throw new Hindrance(
        "not-possible",
        `a small file system must be mounted for this, which needs root: ${why}`,
      );
    }
  }

  /** Takes all the room that is left. */
  async fill(): Promise<void> {
    for (const bytes of FILLERS_BYTES) {
      const filler = new Uint8Array(bytes);
      for (let isFull = false; !isFull;) isFull = await this.#refuses(filler);
    }
  }

  /** Gives it back. */
  async free(): Promise<void> {
    for (; this.#fillers > 0; this.#fillers--) await rm(this.#filler(this.#fillers), { force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await promisify(execFile)("umount", ["-l", this.directory]);
    await rm(this.directory, { recursive: true, force: true });
  }

  async #refuses(filler: Uint8Array): Promise<boolean> {
    try {
      await writeFile(this.#filler(++this.#fillers), filler);
      return false;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOSPC") return true;
      throw error;
    }
  }

  #filler(number: number): string {
    return join(this.directory, `filler-${number}`);
  }
}
