import { readFileSync } from "node:fs";
import { totalmem } from "node:os";
import { posix } from "node:path";

/** Options of {@linkcode readMemoryLimit}. */
export interface ReadMemoryLimitOptions {
  /**
   * Folder that holds `proc` and `sys`.
   *
   * @default {"/"}
   */
  root?: string | undefined;
  /** Memory of the machine. Default: what the operating system says. */
  machineBytes?: number | undefined;
}

/**
 * Bytes that this process may use: the lowest limit of its cgroup (version 2 or 1) and of those above it, else the
 * memory of the machine.
 *
 * @see https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files
 */
export function readMemoryLimit(options: ReadMemoryLimitOptions = {}): number {
  const { root = "/", machineBytes = totalmem() } = options;
  const limits = limitFiles(root).map((file) => parseLimit(readText(file)));
  return Math.min(machineBytes, ...limits);
}

function limitFiles(root: string): string[] {
  const lines = readText(posix.join(root, "proc/self/cgroup"))?.trim().split("\n") ?? [];
  return lines.flatMap((line) => {
    const [id, controllers = "", ...path] = line.split(":");
    const cgroup = path.join(":");
    const base = posix.join(root, "sys/fs/cgroup");
    if (id === "0") return foldersUp(base, cgroup).map((folder) => posix.join(folder, "memory.max"));
    if (!controllers.split(",").includes("memory")) return [];
    return foldersUp(posix.join(base, "memory"), cgroup).map((folder) => `${folder}/memory.limit_in_bytes`);
  });
}

// A limit binds everything below it. In a container the path may be the host's, of which only the top exists here.
function foldersUp(base: string, cgroup: string): string[] {
  const parts = posix.resolve("/", cgroup).split("/").filter(Boolean);
  return Array.from({ length: parts.length + 1 }, (_, i) => posix.join(base, ...parts.slice(0, i)));
}

// "max" and version 1's 2^63 minus a page mean none; the machine's memory then is the lower number.
function parseLimit(text: string | undefined): number {
  const bytes = text === undefined ? NaN : Number.parseInt(text, 10);
  return bytes > 0 ? bytes : Infinity;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined; // not Linux, or not in this hierarchy
  }
}
