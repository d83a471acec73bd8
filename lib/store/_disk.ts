import { type FileHandle, open, readdir, readFile, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { quarantineFile, replaceFile, syncFolder } from "./_image_file.ts";

/** A file that is written to, at a position, by one writer. */
export interface DiskFile {
  /** @returns How many of the bytes were taken: the disk may be full. */
  write(bytes: Uint8Array, position: number): Promise<number>;
  /** Resolves when what was written survives a power cut. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** What the store asks of a file system. A test gives one that forgets, as a disk does without power, or is full. */
export interface Disk {
  /** Undefined where there is no such file. */
  read(path: string): Promise<Uint8Array | undefined>;
  /** Names of what is in a folder. */
  list(folder: string): Promise<readonly string[]>;
  /** Makes the file, or empties it. */
  create(path: string): Promise<DiskFile>;
  /** A reader, and a restart after a kill or a power cut, find the old file or the new one, never a part. */
  replace(path: string, bytes: Uint8Array): Promise<void>;
  /** Does nothing where there is none. */
  remove(path: string): Promise<void>;
  /** Renames it to one that does not exist yet. @returns That path. */
  setAside(path: string, now: number): Promise<string>;
}

/** The machine's own. */
export const nodeDisk: Disk = {
  async read(path) {
    try {
      return await readFile(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
  },
  list: (folder) => readdir(folder),
  async create(path) {
    const file = await open(path, "w");
    await syncFolder(dirname(path)); // else a power cut leaves no name for it
    return new NodeFile(file);
  },
  replace: replaceFile,
  remove: (path) => rm(path, { force: true }),
  setAside: quarantineFile,
};

class NodeFile implements DiskFile {
  readonly #file: FileHandle;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  async write(bytes: Uint8Array, position: number): Promise<number> {
    return (await this.#file.write(bytes, 0, bytes.length, position)).bytesWritten;
  }

  sync(): Promise<void> {
    return this.#file.datasync();
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}
