import { dirname } from "node:path";
import { makeFolder } from "../base/make_folder.ts";
import type { StoreContent } from "./_content.ts";
import type { Disk } from "./_disk.ts";
import { removeLeftovers } from "./_image_file.ts";
import { readImage } from "./_image_thread.ts";
import { acquireLock } from "./lock_file.ts";
import { StoreCorruptError, StoreFormatError, StoreUnwritableError } from "./store_errors.ts";

/**
 * What the file says; nothing if there is none yet. The lock beside it goes to `resources`.
 *
 * @param now Epoch ms, for the name of a file that has to be set aside.
 */
export async function openFile(
  path: string,
  disk: Disk,
  now: number,
  resources: AsyncDisposableStack,
): Promise<StoreContent | undefined> {
  const image = await readFile(path, disk, resources);
  if (image === undefined) return undefined;
  const opened = await readImage(image);
  switch (opened.kind) {
    case "read":
      return opened.content;
    case "corrupt":
      throw new StoreCorruptError(path, await disk.setAside(path, now), opened.reason);
    case "foreign":
      throw new StoreFormatError(path, "another program's database");
    case "newer":
      throw new StoreFormatError(path, `version ${opened.version}, of a newer demi-health`);
  }
}

async function readFile(
  path: string,
  disk: Disk,
  resources: AsyncDisposableStack,
): Promise<Uint8Array | undefined> {
  try {
    await makeFolder(dirname(path));
    resources.use(await acquireLock(path));
    await removeLeftovers(path);
    return await disk.read(path);
  } catch (error) {
    // what has a code comes from the system; the lock's refusal has none
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    throw new StoreUnwritableError(path, error as NodeJS.ErrnoException);
  }
}
