import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { constants, copyFile, mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { replaceFile } from "../store/_image_file.ts";

const FORMAT = 1;
const KEPT = 3;
const COPY_ATTEMPTS = 3;
const READ_AT_ONCE = 8 << 20;
const FILES_AT_ONCE = 8;

/** A checkpoint that cannot be used, and why. */
export interface BrokenCheckpoint {
  readonly number: number;
  readonly reason: string;
}

/** A state that was read back whole. */
export interface LoadedCheckpoint<T> {
  readonly number: number;
  readonly state: T;
  /** Copy of the companion's data directory; undefined where none was made. */
  readonly dataDirectory: string | undefined;
}

interface FileEntry {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

interface Envelope {
  readonly format: number;
  readonly number: number;
  readonly files: readonly FileEntry[] | null;
  readonly state: unknown;
}

/**
 * Checkpoints of one run, each a file with a checksum and a copy of the companion's data: written aside, synced, and
 * renamed, so that there is a whole one at any moment. The last three are kept.
 */
export class CheckpointStore {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /**
   * @param dataDirectory What is copied, at rest: nobody may write to it meanwhile.
   * @throws {Error} If it cannot be written; the ones before stand.
   */
  async save(number: number, state: unknown, dataDirectory?: string): Promise<void> {
    await mkdir(this.#directory, { recursive: true });
    const files = dataDirectory === undefined ? null : await this.#copyData(number, dataDirectory);
    const body = JSON.stringify({ format: FORMAT, number, files, state } satisfies Envelope);
    await replaceFile(this.#path(number), Buffer.from(`${sha256(body)}\n${body}\n`));
    await this.#prune(number);
  }

  /** The newest one that is whole, and those newer that are not. */
  async load<T>(): Promise<{
    readonly checkpoint: LoadedCheckpoint<T> | undefined;
    readonly broken: readonly BrokenCheckpoint[];
  }> {
    const broken: BrokenCheckpoint[] = [];
    for (const number of (await this.#numbers()).toReversed()) {
      try {
        return { checkpoint: await this.#read<T>(number), broken };
      } catch (error) {
        broken.push({ number, reason: error instanceof Error ? error.message : String(error) });
      }
    }
    return { checkpoint: undefined, broken };
  }

  /** Removes all of them. */
  async clear(): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true });
  }

  async #read<T>(number: number): Promise<LoadedCheckpoint<T>> {
    const text = await readFile(this.#path(number), "utf8");
    const end = text.indexOf("\n");
    const body = text.slice(end + 1, -1);
    if (end !== 64 || !text.endsWith("\n") || sha256(body) !== text.slice(0, end)) {
      throw new Error("its checksum does not fit");
    }
    const { format, number: own, files, state } = JSON.parse(body) as Envelope;
    if (format !== FORMAT) throw new Error(`its format must be ${FORMAT}, got ${String(format)}`);
    if (own !== number) throw new Error(`it must be number ${number}, got ${String(own)}`);
    if (files === null) return { number, state: state as T, dataDirectory: undefined };
    const dataDirectory = this.#dataPath(number);
    await this.#checkData(dataDirectory, files);
    return { number, state: state as T, dataDirectory };
  }

  async #checkData(directory: string, files: readonly FileEntry[]): Promise<void> {
    const found = await listFiles(directory);
    const names = new Set(files.map(({ path }) => path));
    const strange = found.find((path) => !names.has(path));
    if (strange !== undefined) throw new Error(`its data must not have ${strange}`);
    for (const { path, sha256: expected } of files) {
      if ((await hashFile(join(directory, path))) !== expected) {
        throw new Error(`the checksum of its data in ${path} does not fit`);
      }
    }
  }

  /** A file that changes while it is copied, by a companion that is not at rest after all, is copied anew. */
  async #copyData(number: number, source: string): Promise<readonly FileEntry[]> {
    const [target, aside] = [this.#dataPath(number), `${this.#dataPath(number)}.new`];
    for (let attempt = 1; ; attempt++) {
      await rm(aside, { recursive: true, force: true });
      await mkdir(aside, { recursive: true });
      const paths = await listFiles(source);
      const files = await mapSome(paths, (path) => copyOne(source, aside, path));
      const moved = await findChanged(source, files);
      if (moved !== undefined && attempt < COPY_ATTEMPTS) continue;
      if (moved !== undefined)
        throw new Error(`Cannot save checkpoint: ${moved} must be at rest, got changes`);
      await rm(target, { recursive: true, force: true });
      await rename(aside, target);
      return files;
    }
  }

  async #prune(newest: number): Promise<void> {
    const numbers = await this.#numbers();
    const old = numbers.filter((number) => number > newest || number <= (numbers.at(-1 - KEPT) ?? -1));
    for (const number of old) {
      await rm(this.#path(number), { force: true });
      await rm(this.#dataPath(number), { recursive: true, force: true });
    }
  }

  async #numbers(): Promise<readonly number[]> {
    const names = await readdir(this.#directory).catch(() => []);
    const numbers = names.flatMap((name) => /^(\d+)\.json$/.exec(name)?.[1] ?? []);
    return numbers.map(Number).sort((a, b) => a - b);
  }

  #path(number: number): string {
    return join(this.#directory, `${String(number).padStart(6, "0")}.json`);
  }

  #dataPath(number: number): string {
    return join(this.#directory, `${String(number).padStart(6, "0")}.data`);
  }
}

/** Copies a directory into another one, which is emptied first. */
export async function copyDirectory(source: string, target: string): Promise<void> {
  await rm(target, { recursive: true, force: true });
  await mkdir(target, { recursive: true });
  await mapSome(await listFiles(source), (path) => copyOne(source, target, path));
}

async function copyOne(source: string, target: string, path: string): Promise<FileEntry> {
  const to = join(target, path);
  await mkdir(join(to, ".."), { recursive: true });
  await copyFile(join(source, path), to, constants.COPYFILE_FICLONE);
  await using file = await open(to, "r+");
  await file.sync();
  const { size } = await file.stat();
  return { path, bytes: size, sha256: await hashFile(to) };
}

async function findChanged(source: string, files: readonly FileEntry[]): Promise<string | undefined> {
  const now = await listFiles(source);
  if (now.length !== files.length) return source;
  const changed = await mapSome(files, async ({ path, sha256: expected }) => {
    return (await hashFile(join(source, path)).catch(() => "")) === expected ? [] : [path];
  });
  return changed.flat()[0];
}

/** Several files at once: most of the time is waiting for the disk. */
async function mapSome<T, R>(items: readonly T[], map: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let from = 0; from < items.length; from += FILES_AT_ONCE) {
    results.push(...(await Promise.all(items.slice(from, from + FILES_AT_ONCE).map(map))));
  }
  return results;
}

/** Regular files below a directory, by their relative paths, sorted. Sockets and links are no data. */
async function listFiles(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .sort();
}

async function hashFile(path: string): Promise<string> {
  const { size } = await stat(path);
  if (size <= READ_AT_ONCE) return sha256(await readFile(path)); // a stream takes a millisecond to begin and to end
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}

function sha256(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}
