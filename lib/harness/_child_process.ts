import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { DeadlineError, withDeadline } from "../base/deadline.ts";
import { RingBuffer } from "../base/ring_buffer.ts";

const LINES_KEPT = 2000;
const LINE_LENGTH = 4000;

/** What to start. */
export interface ChildCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string | undefined;
  readonly variables: Readonly<Record<string, string>>;
}

const living = new Set<Child>();
let watchesExit = false;

// A harness that ends takes its children along; one that is killed outright cannot.
function killAll(): void {
  for (const child of living) child.kill("SIGKILL");
}

/** A process with its descendants, whose output is kept. */
export class Child {
  readonly #process: ChildProcess;
  readonly #lines = new RingBuffer<string>(LINES_KEPT);
  readonly #listeners = new Set<(line: string) => void>();
  readonly #ended: Promise<void>;
  #end: string | undefined;

  /** The process is there when the promise that `started` gives resolves. */
  constructor({ command, args, cwd, variables }: ChildCommand) {
    this.#process = spawn(command, args, {
      cwd,
      env: { ...process.env, ...variables },
      stdio: ["ignore", "pipe", "pipe"],
      detached: process.platform !== "win32", // a group of its own, so that its children end with it
    });
    this.#ended = this.#watch();
    living.add(this);
    if (!watchesExit) process.once("exit", killAll);
    watchesExit = true;
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** How it ended, such as `exit code 1`; absent while it lives. */
  get end(): string | undefined {
    return this.#end;
  }

  /** The last 2000 lines of its standard output and error. */
  get lines(): readonly string[] {
    return [...this.#lines];
  }

  /** Resolves when it has ended. */
  get ended(): Promise<void> {
    return this.#ended;
  }

  /** Resolves with the first line, of those to come, for which `find` gives something. Never, if none does. */
  async line<T>(find: (line: string) => T | undefined): Promise<T> {
    const { promise, resolve } = Promise.withResolvers<T>();
    const listener = (line: string): void => {
      const found = find(line);
      if (found !== undefined) resolve(found);
    };
    this.#listeners.add(listener);
    try {
      return await promise;
    } finally {
      this.#listeners.delete(listener);
    }
  }

  kill(signal: NodeJS.Signals): void {
    const { pid } = this.#process;
    if (pid === undefined || this.#end !== undefined) return;
    try {
      if (process.platform === "win32") this.#process.kill(signal);
      else process.kill(-pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error; // it was faster
    }
  }

  /** Asks it to end; kills it when it does not within `timeoutMs` of real time, and says whether it had to. */
  async stop(timeoutMs: number): Promise<boolean> {
    this.kill("SIGTERM");
    try {
      await withDeadline("see the companion end", timeoutMs, () => this.#ended);
      return false;
    } catch (error) {
      if (!(error instanceof DeadlineError)) throw error;
      await this.crash();
      return true;
    }
  }

  /** Kills it with all its descendants. */
  async crash(): Promise<void> {
    this.kill("SIGKILL");
    await this.#ended;
  }

  async #watch(): Promise<void> {
    for (const stream of [this.#process.stdout!, this.#process.stderr!]) this.#read(stream);
    try {
      // the streams end later than the process when a grandchild holds them: its end is what counts
      const [code, signal] = (await once(this.#process, "exit")) as [number | null, string | null];
      this.#end = signal === null ? `exit code ${code}` : `signal ${signal}`;
    } catch (error) {
      this.#end = error instanceof Error ? error.message : String(error);
    }
    living.delete(this);
  }

  #read(stream: Readable): void {
    const lines = createInterface({ input: stream, crlfDelay: Infinity });
    lines.on("line", (whole) => {
      const line = whole.slice(0, LINE_LENGTH);
      this.#lines.push(line);
      for (const listener of this.#listeners) listener(line);
    });
    stream.on("error", () => lines.close());
  }
}
