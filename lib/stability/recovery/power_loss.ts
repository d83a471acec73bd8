import type { SeededRandom } from "../../base/random.ts";
import type { FileOperation } from "./file_operation.ts";

/** Files and folders below a directory; paths begin with `/`. */
export interface FileTree {
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly directories: ReadonlySet<string>;
}

/**
 * What survives, of all that was not synced, when the power goes.
 *
 * - `nothing`: the disk is as after the last sync of each thing.
 * - `names`: what happened to names and sizes, but no contents: files that were written and renamed in place without a
 *   sync are empty.
 * - `some`: names up to a random moment, and of the contents random pages, one of them torn.
 * - `everything`: as after a kill of the process only.
 */
export type PowerLoss = "nothing" | "names" | "some" | "everything";

const PAGE_BYTES = 4096;
const SECTOR_BYTES = 512;

type DataOperation = Extract<FileOperation, { readonly kind: "write" | "resize" }>;

/** A file, whatever its names are. */
interface Inode {
  readonly initial: Uint8Array;
  readonly changes: DataOperation[];
  /** So many of the changes are on the disk. */
  synced: number;
  /** Position behind the last change of one of its names. */
  named: number;
}

/** A change of names, as something to do again. */
type NameChange = (names: Map<string, Inode>, directories: Set<string>) => void;

/**
 * What can be on the disk after a power loss, by the rules that ext4, XFS and Btrfs have in common: contents are there
 * once the file was synced, and before that in any part; changes of names happen in their order, up to some moment,
 * and at least up to the last one that a sync of the directory, or of the file itself, has seen.
 *
 * Time and space O(bytes written).
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { diskAfterPowerLoss } from "demi-health/stability";
 * import { SeededRandom } from "demi-health/base";
 *
 * const bytes = new TextEncoder().encode("lonely");
 * const before = { files: new Map(), directories: new Set<string>() };
 * const done = [
 *   { kind: "create", path: "/state" },
 *   { kind: "write", path: "/state", offset: 0, bytes },
 * ] as const;
 * const random = new SeededRandom(1);
 * assert.equal(diskAfterPowerLoss(before, done, "names", random).files.get("/state")?.length, 0);
 * const synced = [...done, { kind: "sync", path: "/state" }] as const;
 * assert.deepEqual(diskAfterPowerLoss(before, synced, "nothing", random).files.get("/state"), bytes);
 * ```
 *
 * @param before What was on the disk at the beginning, all of it synced.
 * @param operations What the process did since, in its order.
 * @see T. S. Pillai et al. (2014), All File Systems Are Not Created Equal, OSDI '14, 433–448
 */
export function diskAfterPowerLoss(
  before: FileTree,
  operations: readonly FileOperation[],
  loss: PowerLoss,
  random: SeededRandom,
): FileTree {
  const run = new Replay(before);
  for (const operation of operations) run.take(operation);
  return run.end(loss, random);
}

class Replay {
  readonly #before: FileTree;
  readonly #initial = new Map<string, Inode>();
  readonly #live: Map<string, Inode>;
  readonly #folders: Set<string>;
  readonly #changes: NameChange[] = [];
  readonly #inodes = new Set<Inode>();
  /** So many changes of names are on the disk. */
  #synced = 0;

  constructor(before: FileTree) {
    this.#before = before;
    for (const [path, bytes] of before.files) this.#initial.set(path, this.#inode(bytes));
    this.#live = new Map(this.#initial);
    this.#folders = new Set(before.directories);
  }

  take(operation: FileOperation): void {
    switch (operation.kind) {
      case "write":
      case "resize":
        this.#find(operation.path)?.changes.push(operation);
        return;
      case "create":
        return this.#create(operation.path);
      case "make-directory":
        return this.#rename(undefined, (_names, folders) => void folders.add(operation.path));
      case "remove":
        return this.#rename(this.#find(operation.path), (names) => void names.delete(operation.path));
      case "remove-directory":
        return this.#rename(undefined, (_names, folders) => void folders.delete(operation.path));
      case "rename":
      case "link":
        return this.#move(operation.from, operation.path, operation.kind === "link");
      case "sync":
        return this.#sync(this.#find(operation.path));
      case "sync-directory":
        this.#synced = this.#changes.length;
        return;
      case "sync-all":
        for (const inode of this.#inodes) inode.synced = inode.changes.length;
        this.#synced = this.#changes.length;
        return;
      case "map":
      case "symlink":
    }
  }

  end(loss: PowerLoss, random: SeededRandom): FileTree {
    const unsynced = this.#changes.length - this.#synced;
    const kept = { nothing: 0, names: unsynced, some: random.integer(0, unsynced), everything: unsynced };
    const names = new Map(this.#initial);
    const directories = new Set(this.#before.directories);
    for (const change of this.#changes.slice(0, this.#synced + kept[loss])) change(names, directories);
    const contents = new Map<Inode, Uint8Array>();
    for (const inode of names.values()) {
      if (!contents.has(inode)) contents.set(inode, survivingContents(inode, loss, random));
    }
    const files = new Map([...names].map(([path, inode]) => [path, contents.get(inode)!]));
    return { files, directories };
  }

  #inode(initial: Uint8Array): Inode {
    const inode: Inode = { initial, changes: [], synced: 0, named: 0 };
    this.#inodes.add(inode);
    return inode;
  }

  #find(path: string): Inode | undefined {
    return this.#live.get(path);
  }

  #create(path: string): void {
    const inode = this.#inode(new Uint8Array());
    this.#rename(inode, (names) => void names.set(path, inode));
  }

  #rename(inode: Inode | undefined, change: NameChange): void {
    change(this.#live, this.#folders);
    this.#changes.push(change);
    if (inode) inode.named = this.#changes.length;
  }

  #move(from: string | undefined, to: string | undefined, keeps: boolean): void {
    if (from !== undefined && this.#folders.has(from)) return this.#moveFolder(from, to);
    // one that comes from outside was written unseen: it counts as empty
    const inode = from === undefined ? this.#inode(new Uint8Array()) : this.#find(from);
    if (!inode) return;
    this.#rename(inode, (names) => {
      if (from !== undefined && !keeps) names.delete(from);
      if (to !== undefined) names.set(to, inode);
    });
  }

  #moveFolder(from: string, to: string | undefined): void {
    this.#rename(undefined, (names, folders) => {
      const moved = (path: string): string => to + path.slice(from.length);
      for (const [path, inode] of [...names].filter(([path]) => path.startsWith(`${from}/`))) {
        names.delete(path);
        if (to !== undefined) names.set(moved(path), inode);
      }
      for (const path of [...folders].filter((path) => path === from || path.startsWith(`${from}/`))) {
        folders.delete(path);
        if (to !== undefined) folders.add(moved(path));
      }
    });
  }

  /** A file's sync brings all that happened before to its names along, as a journal has one order. */
  #sync(inode: Inode | undefined): void {
    if (!inode) return;
    inode.synced = inode.changes.length;
    this.#synced = Math.max(this.#synced, inode.named);
  }
}

function survivingContents(inode: Inode, loss: PowerLoss, random: SeededRandom): Uint8Array {
  const contents = new Contents(inode.initial);
  for (const change of inode.changes.slice(0, inode.synced)) contents.apply(change);
  for (const change of inode.changes.slice(inode.synced)) {
    if (loss === "everything") contents.apply(change);
    else if (loss === "names" && change.kind === "resize") contents.apply(change);
    else if (loss === "some") {
      if (change.kind === "write") applySome(contents, change, random);
      else if (random.chance(0.5)) contents.apply(change);
      else break; // what was written after a new size that is not there has no place
    }
  }
  return contents.bytes;
}

/** Writes random pages of what was to be written; one page in four is torn between two sectors. */
function applySome(
  contents: Contents,
  { offset, bytes, path }: Extract<DataOperation, { readonly kind: "write" }>,
  random: SeededRandom,
): void {
  const end = offset + bytes.length;
  for (let from = offset; from < end;) {
    const to = Math.min(end, (Math.floor(from / PAGE_BYTES) + 1) * PAGE_BYTES);
    const isKept = random.chance(0.5);
    const tear = random.chance(0.25) ? random.integer(0, PAGE_BYTES / SECTOR_BYTES) * SECTOR_BYTES : Infinity;
    const limit = Math.min(to, Math.max(from, Math.floor(from / PAGE_BYTES) * PAGE_BYTES + tear));
    if (isKept && limit > from) {
      const part = bytes.subarray(from - offset, limit - offset);
      contents.apply({ kind: "write", path, offset: from, bytes: part });
    }
    from = to;
  }
}

/** Bytes of a file that grows. */
class Contents {
  #buffer: Uint8Array;
  #length: number;

  constructor(initial: Uint8Array) {
    this.#buffer = initial.slice();
    this.#length = initial.length;
  }

  get bytes(): Uint8Array {
    return this.#buffer.slice(0, this.#length);
  }

  apply(change: DataOperation): void {
    if (change.kind === "resize") return this.#resize(change.size);
    const { offset, bytes } = change;
    this.#resize(Math.max(this.#length, offset + bytes.length));
    this.#buffer.set(bytes, offset);
  }

  #resize(length: number): void {
    if (length > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(length, 2 * this.#buffer.length));
      larger.set(this.#buffer.subarray(0, this.#length));
      this.#buffer = larger;
    } else if (length < this.#length) this.#buffer.fill(0, length, this.#length);
    this.#length = length;
  }
}
