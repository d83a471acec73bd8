import { access, open, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import process from "node:process";

const TEMPORARY = ".tmp-";

/**
 * Replaces the file by one with these bytes: a reader, and a restart after a kill or a power cut, find the old one or
 * the new one, never a part. If it fails, the old one stands.
 */
export async function replaceFile(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}${TEMPORARY}${process.pid}`;
  try {
    await writeDurably(temporary, bytes);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined); // what failed first is what is told
    throw error;
  }
  await syncFolder(dirname(path));
}

async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  await using file = await open(path, "w");
  await file.writeFile(bytes);
  await file.sync();
}

/** Without it a power cut may undo a new name. Windows has no such call, and some file systems refuse it. */
export async function syncFolder(path: string): Promise<void> {
  try {
    await using folder = await open(path, "r");
    await folder.sync();
  } catch (error) {
    const unsupported = ["EISDIR", "EPERM", "EACCES", "EINVAL", "ENOTSUP", "EBADF"];
    if (!unsupported.includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  }
}

/** Removes what a process that was killed while it saved left beside `path`. */
export async function removeLeftovers(path: string): Promise<void> {
  const folder = dirname(path);
  const prefix = basename(path) + TEMPORARY;
  const leftovers = (await readdir(folder)).filter((name) => name.startsWith(prefix));
  for (const name of leftovers) await rm(join(folder, name), { force: true });
}

/** Renames the file to one that does not exist yet, `<name>.corrupt-<time>`, and returns its path. */
export async function quarantineFile(path: string, now: number): Promise<string> {
  const time = new Date(now).toISOString().replace(/[-:]|\.\d+/g, "");
  let target = `${path}.corrupt-${time}`;
  for (let n = 2; await exists(target); n++) target = `${path}.corrupt-${time}-${n}`;
  await rename(path, target);
  return target;
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
