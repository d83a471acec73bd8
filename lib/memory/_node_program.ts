import { readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { basename } from "node:path";
import process from "node:process";

// A program of another name that has Node in it has this thread, which waits for the signal; since Node 24.
const LISTENING_THREAD = "SignalInspector";

/** Whether a process runs Node, and by which name its program goes. Linux only; throws nothing. */
export function readProgram(pid: number): { readonly name: string; readonly isNode: boolean } {
  const exe = `/proc/${pid}/exe`;
  const name = basename(attempt(() => readlinkSync(exe)) ?? "").replace(/ \(deleted\)$/, "");
  const isNode = /^(?:node|nodejs)(?:[-_.\d]|$)/.test(name) || isOwnProgram(exe) || hasListeningThread(pid);
  return { name: name === "" ? "a program that may not be seen" : name, isNode };
}

function isOwnProgram(exe: string): boolean {
  if ("Deno" in globalThis || "Bun" in globalThis) return false;
  const [own, other] = [process.execPath, exe].map((path) => attempt(() => statSync(path)));
  return own !== undefined && own.ino === other?.ino && own.dev === other.dev;
}

function hasListeningThread(pid: number): boolean {
  const threads = attempt(() => readdirSync(`/proc/${pid}/task`)) ?? [];
  return threads.some((id) => {
    return attempt(() => readFileSync(`/proc/${pid}/task/${id}/comm`, "utf8"))?.trim() === LISTENING_THREAD;
  });
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined; // it ended meanwhile, or is somebody else's
  }
}
