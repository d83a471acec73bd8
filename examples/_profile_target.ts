// What a profile is taken of: pocket Demi with users, a process by its number, or a command.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { MockDiscordServer, MockOllamaServer } from "demi-health";
import { SeededRandom, systemClock } from "demi-health/base";
import { SimulatedUsers } from "./_simulated_users.ts";

/** A process that is there to be profiled. */
export interface ProfileTarget extends AsyncDisposable {
  readonly name: string;
  readonly pid: number;
  /** Address of its inspector, where it was started with one. */
  readonly inspector: string | undefined;
  /** Resolves when it ended by itself, with how. */
  readonly ended: Promise<string>;
}

const DEMI = fileURLToPath(new URL("demi/main.ts", import.meta.url));
const INSPECT = "--inspect=127.0.0.1:0";
const ANNOUNCED = /Debugger listening on (ws:\/\/\S+)/;
const INSPECTOR_TALK =
  /^(?:Debugger (?:listening|ending) on ws:.*|Debugger attached\.|Waiting for the debugger to disconnect\.\.\.|For help, see: https:\/\/nodejs\.org\/.*debugging)\r?\n/gm;
// A launcher such as npm is Node, too: what it starts announces itself after it.
const SETTLE_MS = 2000;
const STOP_MS = 5000;
const NEVER = new Promise<never>(() => {});

/** A process that somebody else started. */
export function existingProcess(pid: number): ProfileTarget {
  return {
    name: `process ${pid}`,
    pid,
    inspector: undefined,
    ended: NEVER,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** Starts a command, with an inspector if it is Node, whose output goes where this one's goes. */
export async function startCommand(command: readonly string[]): Promise<ProfileTarget> {
  const [program = "", ...args] = command;
  const options = `${process.env["NODE_OPTIONS"] ?? ""} ${INSPECT}`.trim();
  const child = spawn(program, args, {
    env: { ...process.env, NODE_OPTIONS: options },
    stdio: ["inherit", "inherit", "pipe"],
  });
  await once(child, "spawn");
  return toTarget(child, command.join(" "), await inspectorOf(child));
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
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  const inspector = inspectorOf(child, 0);
  const url = await firstLine(child, /^Pocket Demi listens on (\S+)/m);
  const target = starting.use(toTarget(child, "pocket Demi", await inspector));
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

function toTarget(child: ChildProcess, name: string, inspector: string | undefined): ProfileTarget {
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
  const ended = hasEnded() ? Promise.resolve([]) : once(child, "exit");
  return {
    name,
    pid: child.pid!,
    inspector,
    ended: ended.then(() => `it ended by itself with ${child.signalCode ?? child.exitCode}`),
    async [Symbol.asyncDispose]() {
      if (hasEnded()) return;
      child.kill("SIGTERM");
      const timer = systemClock.setTimer(() => child.kill("SIGKILL"), STOP_MS);
      await ended;
      timer.cancel();
    },
  };
}

/** The newest inspector that was announced; undefined where none was for so long. */
async function inspectorOf(child: ChildProcess, settleMs: number = SETTLE_MS): Promise<string | undefined> {
  let found: string | undefined;
  const { promise, resolve } = Promise.withResolvers<void>();
  child.stderr!.on("data", (data: Buffer) => {
    const text = String(data);
    process.stderr.write(text.replaceAll(INSPECTOR_TALK, ""));
    const announced = ANNOUNCED.exec(text)?.[1];
    if (announced === undefined) return;
    found = announced;
    if (settleMs === 0) resolve();
  });
  child.once("exit", () => resolve());
  const timer = systemClock.setTimer(resolve, settleMs === 0 ? STOP_MS : settleMs);
  await promise;
  timer.cancel();
  return found;
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
