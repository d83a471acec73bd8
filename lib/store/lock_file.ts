import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { link, open, readFile, rename, rm, writeFile } from "node:fs/promises";
import process from "node:process";

/** Another process, or another store of this one, has the file open: a file has one writer. */
export class StoreLockedError extends Error {
  override readonly name: string = "StoreLockedError";
  readonly path: string;
  /** Process that holds the lock. */
  readonly pid: number;

  constructor(path: string, pid: number) {
    super(`Cannot open metrics store: ${path} must have one writer, and process ${pid} has it open`);
    this.path = path;
    this.pid = pid;
  }
}

interface Holder {
  readonly pid: number;
  /** Tells a process from a later one with its number; `undefined` where the system does not say. */
  readonly startedAt?: string | undefined;
}

// Of this process: its number alone does not tell whether a lock of it is alive, or was left by a predecessor that
// had the same one, as in a container, where the first process is always 1.
const held = new Set<string>();

/**
 * Takes the lock beside `path`, in a file that names this process; disposing gives it back. A lock whose process is
 * gone is taken over. It keeps processes of one machine apart, not those that share a folder over a network.
 *
 * @throws {StoreLockedError} If the lock is held.
 */
export async function acquireLock(path: string): Promise<AsyncDisposable> {
  const lockPath = `${path}.lock`;
  const own = JSON.stringify({ pid: process.pid, startedAt: await readStart(process.pid) } satisfies Holder);
  if (held.has(lockPath)) throw new StoreLockedError(path, process.pid);
  held.add(lockPath);
  try {
    if (!(await createWith(lockPath, own))) await takeOver(path, lockPath, own);
  } catch (error) {
    held.delete(lockPath);
    throw error;
  }
  return {
    [Symbol.asyncDispose]: async () => {
      if (held.delete(lockPath)) await rm(lockPath, { force: true });
    },
  };
}

/** Number of the process that holds the lock beside `path`; `undefined` where nobody who lives does. */
export async function findLockHolder(path: string): Promise<number | undefined> {
  const lockPath = `${path}.lock`;
  const holder = parseHolder(await readText(lockPath));
  if (!holder) return undefined;
  return held.has(lockPath) || (await isAlive(holder)) ? holder.pid : undefined;
}

/** Makes the file, complete from its first moment; false if there is one. */
async function createWith(path: string, text: string): Promise<boolean> {
  const draft = `${path}.${process.pid}`;
  await writeFile(draft, text);
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    return await createExclusively(path, text); // a file system without links, such as FAT
  } finally {
    await rm(draft, { force: true });
  }
}

async function createExclusively(path: string, text: string): Promise<boolean> {
  try {
    await using file = await open(path, "wx");
    await file.writeFile(text);
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
}

async function takeOver(path: string, lockPath: string, own: string): Promise<void> {
  await throwIfHeld(path, lockPath);
  // one at a time: of three that moved stale locks aside on their own, one moved the fresh lock of another
  const turn = `${lockPath}.takeover`;
  if (!(await createWith(turn, own))) {
    await throwIfHeld(path, turn);
    await rm(turn, { force: true }); // of a process that was killed at just that moment
    if (!(await createWith(turn, own))) throw new StoreLockedError(path, await readHolderPid(turn));
  }
  try {
    await throwIfHeld(path, lockPath); // whoever had the turn before may have it by now
    const draft = `${turn}.${process.pid}`;
    await writeFile(draft, own);
    await rename(draft, lockPath);
  } finally {
    await rm(turn, { force: true });
  }
}

async function throwIfHeld(path: string, lockPath: string): Promise<void> {
  const holder = parseHolder(await readText(lockPath));
  if (holder && (await isAlive(holder))) throw new StoreLockedError(path, holder.pid);
}

async function readHolderPid(path: string): Promise<number> {
  return parseHolder(await readText(path))?.pid ?? 0;
}

/** Whether a process of that number lives; one that has ended and that nobody waits for does not. */
export async function isProcessAlive(pid: number): Promise<boolean> {
  return pid === process.pid || (await isAlive({ pid }));
}

async function isAlive({ pid, startedAt }: Holder): Promise<boolean> {
  if (pid === process.pid && startedAt === undefined) return false; // not in `held`, so it is a predecessor's
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (codeOf(error) === "ESRCH") return false;
  }
  const now = await readStart(pid);
  if (now === GONE) return false;
  if (pid === process.pid && now === startedAt) return false;
  return startedAt === undefined || now === undefined || startedAt === now;
}

/**
 * Start of a process: on Linux in clock ticks since boot, field 22 of its `stat`, of which field 2 may hold spaces;
 * elsewhere as `ps` tells it. One that has ended and that nobody waits for, as in a container without an init, is gone.
 */
async function readStart(pid: number): Promise<string | undefined> {
  const stat = await readText(`/proc/${pid}/stat`);
  if (stat === undefined) return existsSync("/proc/self/stat") ? GONE : askPs(pid);
  const [state = "", ...fields] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return /[ZX]/.test(state) ? GONE : fields[18];
}

const GONE = "gone";

function askPs(pid: number): string | undefined {
  const options = { encoding: "utf8", env: { ...process.env, LC_ALL: "C", TZ: "UTC" } } as const;
  const { stdout, error } = spawnSync("ps", ["-o", "stat=,lstart=", "-p", String(pid)], options);
  if (error) return undefined;
  const [, state = "Z", startedAt] = /^\s*(\S+)\s+(.*\S)/.exec(stdout) ?? [];
  return state.startsWith("Z") ? GONE : startedAt;
}

function parseHolder(text: string | undefined): Holder | undefined {
  try {
    const holder = JSON.parse(text ?? "") as Partial<Holder> | null;
    return Number.isSafeInteger(holder?.pid) ? (holder as Holder) : undefined;
  } catch {
    return undefined; // half written by a process that was killed: nobody holds it
  }
}

async function readText(path: string): Promise<string | undefined> {
  return await readFile(path, "utf8").catch(ignoreMissing);
}

function ignoreMissing(error: unknown): undefined {
  if (codeOf(error) !== "ENOENT") throw error;
  return undefined;
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
