import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import { guardGroup } from "./_group_guard.ts";
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
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
}

const living = new Set<Child>();
let watchesExit = false;

// For systems on which no guard is possible: at an ordinary end of the harness its children end, too.
function killAll(): void {
  for (const child of living) child.kill("SIGKILL");
}

/** A process with its descendants, whose output is kept. */
export class Child {
  readonly #process: ChildProcess;
  readonly #lines = new RingBuffer<string>(LINES_KEPT);
  readonly #listeners = new Set<(line: string) => void>();
  readonly #ended: Promise<void>;
  /** Resolves when nobody holds its streams any more: the process, and what it has started. */
  readonly #closed: Promise<void>;
  #end: string | undefined;
  readonly #guard: Disposable | undefined;
  #isGone = false;

  /** The process is there when the promise that `started` gives resolves. */
  constructor({ command, args, cwd, variables, uid, gid }: ChildCommand) {
    this.#process = spawn(command, args, {
      cwd,
      ...(uid !== undefined && { uid }),
      ...(gid !== undefined && { gid }),
      env: { ...process.env, ...variables },
      stdio: ["ignore", "pipe", "pipe"],
      detached: process.platform !== "win32", // a group of its own, so that its children end with it
    });
    this.#closed = new Promise((resolve) => {
      this.#process.once("close", () => resolve());
      this.#process.once("error", () => resolve());
    });
    this.#ended = this.#watch();
    this.#guard = this.#process.pid === undefined ? undefined : guardGroup(this.#process.pid);
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

  /** Sends a signal to it and to all that it has started. */
  kill(signal: NodeJS.Signals): void {
    const { pid } = this.#process;
    if (pid === undefined || this.#isGone) return;
    try {
      if (process.platform === "win32") this.#process.kill(signal);
      else process.kill(-pid, signal);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // ESRCH: all were faster. EPERM: so on macOS, where all that is left are zombies
      if (code !== "ESRCH" && code !== "EPERM") throw error;
    }
  }

  /** Asks it to end; kills it when it does not within `timeoutMs` of real time, and says whether it had to. */
  async stop(timeoutMs: number): Promise<boolean> {
    this.kill("SIGTERM");
    try {
      // a wrapper, such as npm or a shell, may end before the companion that it has started
      await withDeadline("see the companion end", timeoutMs, () => this.#closed);
      return false;
    } catch (error) {
      if (!(error instanceof DeadlineError)) throw error;
      return true;
    } finally {
      await this.crash();
    }
  }

  /** Kills it with all its descendants, also those that are left of one that has ended. */
  async crash(): Promise<void> {
    this.kill("SIGKILL");
    await this.#ended;
    this.#isGone = true;
    this.#guard?.[Symbol.dispose]();
    living.delete(this);
  }

  async #watch(): Promise<void> {
    for (const stream of [this.#process.stdout!, this.#process.stderr!]) this.#read(stream);
    try {
      const [code, signal] = (await once(this.#process, "exit")) as [number | null, string | null];
      this.#end = signal === null ? `exit code ${code}` : `signal ${signal}`;
    } catch (error) {
      this.#end = error instanceof Error ? error.message : String(error);
      this.#isGone = true; // it never began
      living.delete(this);
    }
  }

  #read(stream: Readable): void {
    let rest = "";
    stream.setEncoding("utf8");
    stream.on("data", (chunk: string) => {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop()!;
      for (const line of lines) this.#take(line.replace(/\r$/, ""));
      if (rest.length < LINE_LENGTH) return;
      this.#take(rest); // one that never ends its line must not fill the memory
      rest = "";
    });
    stream.on("end", () => rest !== "" && this.#take(rest));
    stream.on("error", () => undefined); // "close" follows
  }

  #take(whole: string): void {
    const line = whole.slice(0, LINE_LENGTH);
    this.#lines.push(line);
    for (const listener of this.#listeners) listener(line);
  }
}
