import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Makes a folder and those above it, where they are not there. What else is wrong with it shows when a file is made in it.
 *
 * Not by Node's `recursive`: where a folder is there and refuses with ENOENT, as below /proc, that tries forever.
 */
export async function makeFolder(path: string): Promise<void> {
  const code = await mkdirCode(path);
  if (code !== "ENOENT" || dirname(path) === path) return;
  await makeFolder(dirname(path));
  await mkdirCode(path);
}

async function mkdirCode(path: string): Promise<string | undefined> {
  return await mkdir(path).then(
    () => undefined,
    (error: NodeJS.ErrnoException) => error.code,
  );
}
