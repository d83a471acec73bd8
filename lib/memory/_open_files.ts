import { readdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { kindOf } from "../base/process_memory.ts";

/** What lies below some folders, and which of them could not be looked into. */
export interface FileListing {
  readonly files: readonly string[];
  readonly unreadable: readonly string[];
}

/**
 * All paths below the folders, links not followed. A folder that is gone has nothing in it; one that may not be read is told, as
 * somebody's private folder in a shared one for temporary files must not hide all others.
 */
export function listFiles(folders: readonly string[]): FileListing {
  const files: string[] = [];
  const unreadable: string[] = [];
  const open = [...folders];
  for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
    try {
      for (const entry of readdirSync(folder, { withFileTypes: true })) {
        const path = join(folder, entry.name);
        files.push(path);
        if (entry.isDirectory()) open.push(path);
      }
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EACCES" || code === "EPERM") unreadable.push(folder);
      else if (code !== "ENOENT") throw error;
    }
  }
  return { files, unreadable };
}

/** Open files, pipes and devices by number; sockets are told as handles. Linux only. */
export function openDescriptors(): ReadonlyMap<string, string> | undefined {
  const folder = "/proc/self/fd";
  let names: readonly string[];
  try {
    names = readdirSync(folder);
  } catch {
    return undefined;
  }
  const found = new Map<string, string>();
  for (const name of names) {
    const target = linkOf(join(folder, name));
    const kind = kindOf(target);
    // the listing itself was open while it was made
    if (target && (kind === "file" || kind === "pipe") && !target.startsWith("/proc/"))
      found.set(name, target);
  }
  return found;
}

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
