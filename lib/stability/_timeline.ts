import { close, createReadStream, fsync, ftruncate, open, write } from "node:fs";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

const [closeFile, syncFile, truncateFile, openFile] = [
  promisify(close),
  promisify(fsync),
  promisify(ftruncate),
  promisify(open),
];
const writeFile = promisify(write);
const WRITE_AT_BYTES = 64 * 1024;
// Some weeks of a casual run.
const KEPT_BYTES = 32 * 1024 * 1024;

/** One line of a {@linkcode Timeline}. */
export type TimelineLine = Readonly<Record<string, unknown>> & {
  readonly kind: string;
  readonly atMs: number;
};

/**
 * What a run saw, a line of JSON each, in a file that only grows: a run of any length costs no memory for it. What
 * was written after a checkpoint is cut off when the run goes on from there.
 */
export class Timeline implements AsyncDisposable {
  readonly #fd: number;
  /** How much is on the disk. */
  #written: number;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #writing: Promise<void> = Promise.resolve();
  #lost = 0;

  private constructor(fd: number, bytes: number) {
    this.#fd = fd;
    this.#written = bytes;
  }

  /**
   * @param keepBytes How much of it belongs to the run.
   * @throws {Error} If the file cannot be written, or is shorter.
   */
  static async open(path: string, keepBytes: number): Promise<Timeline> {
    const fd = await openFile(path, keepBytes === 0 ? "w" : "r+");
    try {
      await truncateFile(fd, keepBytes);
    } catch (error) {
      await closeFile(fd);
      throw error;
    }
    return new Timeline(fd, keepBytes);
  }

  /** Its length once all is written. */
  get bytes(): number {
    return this.#written + this.#waitingBytes;
  }

  /** Lines that could not be kept: nothing could be written for too long. */
  get lost(): number {
    return this.#lost;
  }

  add(line: TimelineLine): void {
    const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
    if (this.#waitingBytes + bytes.length > KEPT_BYTES) {
      this.#lost++;
      return;
    }
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    if (this.#waitingBytes >= WRITE_AT_BYTES) void this.#write().catch(() => undefined); // told by the next sync
  }

  /**
   * Resolves when all is on the disk.
   *
   * @throws {Error} If it cannot be written. What could not waits for the next time: a full disk is made room on.
   */
  async sync(): Promise<void> {
    await this.#write();
    await syncFile(this.#fd);
  }

  /** Writes what there is, if it can: whoever must know that it is there has called {@linkcode Timeline.sync}. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.#write().catch(() => undefined);
    } finally {
      await closeFile(this.#fd);
    }
  }

  #write(): Promise<void> {
    this.#writing = this.#writing.catch(() => undefined).then(() => this.#drain());
    return this.#writing;
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      const bytes = this.#waiting.length === 1 ? this.#waiting[0]! : Buffer.concat(this.#waiting);
      this.#waiting = [bytes];
      const { bytesWritten } = await writeFile(this.#fd, bytes, 0, bytes.length, this.#written);
      // lines may have come meanwhile
      const rest = bytes.subarray(bytesWritten);
      this.#waiting.splice(0, 1, ...(rest.length > 0 ? [rest] : []));
      this.#waitingBytes -= bytesWritten;
      this.#written += bytesWritten;
    }
  }
}

/** The lines of a timeline, as many as can be understood: a torn last one is left out. */
export async function* readTimeline(path: string): AsyncGenerator<TimelineLine, void, undefined> {
  const lines = createInterface({ input: createReadStream(path, "utf8"), crlfDelay: Infinity });
  for await (const line of lines) {
    const parsed = parseLine(line);
    if (parsed) yield parsed;
  }
}

function parseLine(line: string): TimelineLine | undefined {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value !== "object" || value === null) return undefined;
    const { kind, atMs } = value as Partial<TimelineLine>;
    return typeof kind === "string" && typeof atMs === "number" ? (value as TimelineLine) : undefined;
  } catch {
    return undefined;
  }
}
