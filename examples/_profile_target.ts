// What a profile is taken of: pocket Demi with users, a process by its number, or a command.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { MockDiscordServer, MockOllamaServer } from "demi-health";
import { SeededRandom, systemClock } from "demi-health/base";
import { readProcessMemory } from "demi-health/memory";
import { findInspected, type Inspected } from "./_inspected_command.ts";
import { SimulatedUsers } from "./_simulated_users.ts";

/** A process that is there to be profiled. */
export interface ProfileTarget extends AsyncDisposable {
  readonly name: string;
  readonly pid: number;
  /** Address of its inspector, where it was started with one. */
  readonly inspector: string | undefined;
  /** Whether it was started here, to be profiled. */
  readonly isOurs: boolean;
  /** Resolves when it ended by itself, with how. */
  readonly ended: Promise<string>;
}

const DEMI = fileURLToPath(new URL("demi/main.ts", import.meta.url));
const INSPECT = "--inspect=127.0.0.1:0";
const HAS_GROUPS = process.platform !== "win32";
const STOP_MS = 5000;
const POLL_MS = 500;

/**
 * A process that somebody else started.
 *
 * @throws {NoSuchProcessError} If no such process lives.
 */
export function existingProcess(pid: number): ProfileTarget {
  readProcessMemory(pid);
  const watch = new AbortController();
  return {
    name: `process ${pid}`,
    pid,
    inspector: undefined,
    isOurs: false,
    ended: untilGone(pid, watch.signal).then(() => `process ${pid} ended`),
    [Symbol.asyncDispose]: () => Promise.resolve(watch.abort()),
  };
}

/** Starts a command, with an inspector if it is Node, whose output goes where this one's goes. */
export async function startCommand(command: readonly string[]): Promise<ProfileTarget> {
  const [program = "", ...args] = command;
  const options = `${process.env["NODE_OPTIONS"] ?? ""} ${INSPECT}`.trim();
  const child = spawn(program, args, {
    env: { ...process.env, NODE_OPTIONS: options },
    stdio: ["inherit", "inherit", "pipe"],
    // a Ctrl-C is for the profiler, which looks a last time before it ends the command
    detached: HAS_GROUPS,
  });
  await once(child, "spawn");
  const found = await findInspected(child);
  return toTarget(child, command.join(" "), found);
}

/** Starts pocket Demi as a process of her own, with a mock Discord, a mock Ollama and users who talk to her. */
export async function startDemo(
  leak: string | undefined,
  seed: string,
  gapMs: number,
): Promise<ProfileTarget> {
  await using starting = new AsyncDisposableStack();
  const random = new SeededRandom(seed);
  const folder = await mkdtemp(join(tmpdir(), "profile-memory-"));
  starting.defer(() => rm(folder, { recursive: true, force: true }));
  const discord = starting.use(await MockDiscordServer.listen());
  const ollama = starting.use(await MockOllamaServer.listen({ random: random.stream("ollama") }));
  const child = spawn(
    process.execPath,
    [
      INSPECT,
      DEMI,
      ["--data-dir", folder, "--port", "0"],
      ["--discord-token", discord.token, "--discord-api", discord.apiUrl],
      ["--ollama-url", ollama.url, "--model", ollama.model],
      leak === undefined ? [] : ["--leak", leak],
    ].flat(),
    { stdio: ["ignore", "pipe", "pipe"], detached: HAS_GROUPS },
  );
  const inspected = findInspected(child);
  const url = await firstLine(child, /^Pocket Demi listens on (\S+)/m);
  const target = starting.use(toTarget(child, "pocket Demi", await inspected));
  const users = starting.use(
    new SimulatedUsers({
      discord,
      androidUrl: url,
      clock: systemClock,
      random: random.stream("users"),
      meanGapMs: gapMs,
    }),
  );
  users.start();
  const running = starting.move();
  return { ...target, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

function toTarget(child: ChildProcess, name: string, inspected: Inspected | undefined): ProfileTarget {
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
  const ended = hasEnded() ? Promise.resolve([]) : once(child, "exit");
  const kill = (): void => end(child, "SIGKILL");
  process.once("exit", kill); // in a group of its own it would outlive a second Ctrl-C
  return {
    name,
    pid: inspected?.pid ?? child.pid!,
    inspector: inspected?.url,
    isOurs: true,
    ended: ended.then(() => `it ended by itself with ${child.signalCode ?? child.exitCode}`),
    async [Symbol.asyncDispose]() {
      if (!hasEnded()) end(child, "SIGTERM");
      const timer = systemClock.setTimer(kill, STOP_MS);
      await ended;
      timer.cancel();
      kill(); // what a launcher that has ended leaves behind
      process.off("exit", kill);
    },
  };
}

/** With all that it started. */
function end(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (HAS_GROUPS) process.kill(-child.pid!, signal);
    else child.kill(signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

async function untilGone(pid: number, signal: AbortSignal): Promise<void> {
  const begun = startOf(pid);
  if (begun === undefined) return;
  while (!signal.aborted && startOf(pid) === begun) {
    await systemClock.sleep(POLL_MS, { signal, keepAlive: false }).catch(() => undefined);
  }
}

/** Tells a process from a later one of the same number, where `/proc` does; undefined when it has ended. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // field 22, and the state; the name before them stands in parentheses and may hold some itself
    const [state = "", ...fields] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return /[ZX]/.test(state) ? undefined : fields[18];
  } catch {
    return isThere(pid) ? "unknown" : undefined;
  }
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

async function firstLine(child: ChildProcess, pattern: RegExp): Promise<string> {
  let text = "";
  for await (const data of child.stdout!) {
    text += String(data);
    const found = pattern.exec(text)?.[1];
    if (found === undefined) continue;
    child.stdout!.resume(); // nobody reads on: it must not fill up
    return found;
  }
  throw new Error(`Cannot start pocket Demi: she must say where she listens, got ${text || "nothing"}`);
}
