import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import process from "node:process";
import { request } from "undici";
import { NoSuchProcessError } from "../base/process_memory.ts";
import { systemClock } from "../base/system_clock.ts";
import { UnsupportedError } from "../base/unsupported_error.ts";
import { readProgram } from "./_node_program.ts";

/** Address of an inspector, and whether it was opened for us. */
export interface FoundInspector {
  readonly url: string;
  readonly wasOpened: boolean;
}

const SIGUSR1 = 10; // on Linux, for all architectures that Node has
const TCP_ESTABLISHED = "01";
const TCP_LISTEN = "0A";
const PATIENCE_MS = 5000;
const STEP_MS = 20;
// A process that is just closing its inspector for somebody before us does not hear the first one.
const SIGNALS_AT_MS = [0, 2000];

/**
 * Opens the inspector of a Node process by its number, as `kill -USR1` does, and finds its port. Linux only: elsewhere
 * nobody tells on which port it listens, nor whether the signal would end a process that is not Node. What is open
 * already is taken as it is; a signal is sent to Node alone, and twice at most.
 *
 * @throws {NoSuchProcessError} If no such process lives.
 * @throws {TypeError} If it is not Node, or does not let itself be inspected.
 */
export async function openInspector(pid: number): Promise<FoundInspector> {
  if (process.platform !== "linux") throw new UnsupportedError("inspect by process number", "/proc");
  requireNode(pid);
  const before = listeningPorts(pid);
  const startMs = systemClock.monotonicMs();
  let signals = 0;
  for (let waitedMs = 0; waitedMs < PATIENCE_MS; waitedMs = systemClock.monotonicMs() - startMs) {
    const known = await firstInspector(before);
    if (known !== undefined) return { url: known, wasOpened: false };
    if (waitedMs >= (SIGNALS_AT_MS[signals] ?? Infinity)) {
      signal(pid);
      signals++;
    }
    const opened = await firstInspector(listeningPorts(pid).filter((port) => !before.includes(port)));
    if (opened !== undefined) return { url: opened, wasOpened: true };
    await systemClock.sleep(STEP_MS);
  }
  throw new TypeError(
    `Cannot inspect process: ${pid} must open its inspector within 5 s, got none: it may handle SIGUSR1 itself; start it with --inspect`,
  );
}

/** Address of the debugging socket that an inspector at `http://host:port` offers; undefined where there is none. */
export async function askInspector(origin: string): Promise<string | undefined> {
  try {
    const { body } = await request(new URL("/json/list", origin), {
      headersTimeout: 1000,
      bodyTimeout: 1000,
    });
    const targets: unknown = JSON.parse(await body.text());
    const [first] = Array.isArray(targets) ? (targets as { webSocketDebuggerUrl?: unknown }[]) : [];
    return typeof first?.webSocketDebuggerUrl === "string" ? first.webSocketDebuggerUrl : undefined;
  } catch {
    return undefined; // another server, or none any more
  }
}

async function firstInspector(ports: readonly number[]): Promise<string | undefined> {
  for (const port of ports) {
    const url = await askInspector(`http://127.0.0.1:${port}`);
    if (url !== undefined) return url;
  }
  return undefined;
}

function requireNode(pid: number): void {
  const status = read(`/proc/${pid}/status`);
  if (status === undefined) throw new NoSuchProcessError(pid);
  const { name, isNode } = readProgram(pid);
  if (!isNode)
    throw new TypeError(`Cannot inspect process: 'pid' must be of Node, got one of ${name}, ${pid}`);
  const mask = BigInt(`0x${/^SigCgt:\s*([0-9a-f]+)/m.exec(status)?.[1] ?? "0"}`);
  if ((mask & (1n << BigInt(SIGUSR1 - 1))) === 0n) {
    throw new TypeError(
      `Cannot inspect process: 'pid' must catch SIGUSR1, got ${pid}, which would end by it`,
    );
  }
}

function signal(pid: number): void {
  requireNode(pid); // the number may be another one's by now
  try {
    process.kill(pid, "SIGUSR1");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") throw new NoSuchProcessError(pid);
    throw error;
  }
}

/** How many are connected to a port of a process; undefined where it cannot be seen. Linux only. */
export function countConnections(pid: number, port: number): number | undefined {
  const ports = portsOf(pid, TCP_LISTEN).includes(port) ? portsOf(pid, TCP_ESTABLISHED) : undefined;
  return ports?.filter((each) => each === port).length;
}

function listeningPorts(pid: number): readonly number[] {
  return portsOf(pid, TCP_LISTEN);
}

/** Own port of each socket of a process that is in a state. */
function portsOf(pid: number, state: string): readonly number[] {
  const sockets = new Set(list(`/proc/${pid}/fd`).map((name) => socketOf(`/proc/${pid}/fd/${name}`)));
  return ["tcp", "tcp6"].flatMap((family) =>
    (read(`/proc/${pid}/net/${family}`) ?? "")
      .split("\n")
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[3] === state && sockets.has(fields[9]))
      .map((fields) => Number.parseInt(fields[1]!.split(":")[1]!, 16)),
  );
}

function socketOf(path: string): string | undefined {
  try {
    return /^socket:\[(\d+)\]$/.exec(readlinkSync(path))?.[1];
  } catch {
    return undefined;
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

function list(path: string): readonly string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
