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
  #bytes: number;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #writing: Promise<void> = Promise.resolve();

  private constructor(fd: number, bytes: number) {
    this.#fd = fd;
    this.#bytes = bytes;
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
    return this.#bytes + this.#waitingBytes;
  }

  add(line: TimelineLine): void {
    const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    if (this.#waitingBytes >= WRITE_AT_BYTES) void this.#write().catch(() => undefined); // told by the next sync
  }

  /** Resolves when all is on the disk. */
  async sync(): Promise<void> {
    await this.#write();
    await syncFile(this.#fd);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.#write();
    } finally {
      await closeFile(this.#fd);
    }
  }

  #write(): Promise<void> {
    const bytes = Buffer.concat(this.#waiting);
    const at = this.#bytes;
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#bytes += bytes.length;
    this.#writing = this.#writing.then(async () => {
      for (let done = 0; done < bytes.length;) {
        const { bytesWritten } = await writeFile(this.#fd, bytes, done, bytes.length - done, at + done);
        done += bytesWritten;
      }
    });
    return this.#writing;
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
