import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";

const run = promisify(execFile);

/**
 * Resident memory of a process in bytes.
 *
 * @throws {Error} If there is no such process, or neither `/proc` nor `ps` is there to tell.
 */
export async function readResidentMemory(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? (await askPs(pid));
  if (Number(kilobytes) > 0) return Number(kilobytes) * 1024;
  throw new Error(`Cannot read memory: the process ${pid} must live, got one that does not`);
}

async function askPs(pid: number): Promise<string> {
  const { stdout } = await run("ps", ["-o", "rss=", "-p", String(pid)]).catch(() => ({ stdout: "" }));
  return stdout.trim();
}
