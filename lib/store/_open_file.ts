import { dirname } from "node:path";
import type { Database } from "sql.js";
import { makeFolder } from "../base/make_folder.ts";
import { createDatabase, openImage } from "./_database.ts";
import type { Disk } from "./_disk.ts";
import { removeLeftovers } from "./_image_file.ts";
import { acquireLock } from "./lock_file.ts";
import { StoreCorruptError, StoreFormatError, StoreUnwritableError } from "./store_errors.ts";

/**
 * The database of the file, or an empty one if there is no file yet. The lock beside it goes to `resources`.
 *
 * @param now Epoch ms, for the name of a file that has to be set aside.
 */
export async function openFile(
  path: string,
  disk: Disk,
  now: number,
  resources: AsyncDisposableStack,
): Promise<Database> {
  const image = await readImage(path, disk, resources);
  if (image === undefined) return await createDatabase();
  const opened = await openImage(image);
  switch (opened.kind) {
    case "open":
      return opened.database;
    case "corrupt":
      throw new StoreCorruptError(path, await disk.setAside(path, now), opened.reason, opened.cause);
    case "foreign":
      throw new StoreFormatError(path, "another program's database");
    case "newer":
      throw new StoreFormatError(path, `version ${opened.version}, of a newer demi-health`);
  }
}

async function readImage(
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
