import { basename, dirname } from "node:path";
import type { Disk, DiskFile } from "../../lib/store/_disk.ts";

/** What was written of a file, and what of it a power cut leaves. */
export interface Content {
  current: Buffer;
  durable: Buffer;
  /** What a sync that failed has not written, and none after it will: the system believes it written. */
  dropped?: readonly [from: number, to: number];
}

/** A disk in memory that forgets without power what was not synced, that may be full, and that may fail to sync. */
export class ForgetfulDisk implements Disk {
  readonly files: Map<string, Content> = new Map();
  /** How many bytes it still takes. */
  roomBytes: number = Infinity;
  failsToSync = false;
  failsToRemove = false;
  syncs = 0;

  /** All that was not synced is gone. */
  cutPower(): void {
    for (const file of this.files.values()) file.current = Buffer.from(file.durable);
  }

  /** A copy, as another start would find it. */
  copy(): ForgetfulDisk {
    const copy = new ForgetfulDisk();
    for (const [path, { current }] of this.files) copy.put(path, current);
    return copy;
  }

  put(path: string, bytes: Uint8Array): void {
    this.files.set(path, { current: Buffer.from(bytes), durable: Buffer.from(bytes) });
  }

  /** Paths of a journal's segments, in their order. */
  get segments(): readonly string[] {
    return [...this.files.keys()].filter((path) => /\.journal-\d+$/.test(path)).sort();
  }

  read(path: string): Promise<Uint8Array | undefined> {
    const file = this.files.get(path);
    return Promise.resolve(file && new Uint8Array(file.current));
  }

  list(folder: string): Promise<readonly string[]> {
    return Promise.resolve(
      [...this.files.keys()].filter((path) => dirname(path) === folder).map((path) => basename(path)),
    );
  }

  create(path: string): Promise<DiskFile> {
    const file: Content = { current: Buffer.alloc(0), durable: Buffer.alloc(0) };
    this.files.set(path, file);
    return Promise.resolve({
      write: async (bytes, position) => {
        await undefined;
        const count = Math.min(bytes.length, this.roomBytes);
        if (count === 0) throw noSpace();
        this.roomBytes -= count;
        const end = Math.max(file.current.length, position + count);
        const grown = Buffer.alloc(end);
        file.current.copy(grown);
        grown.set(bytes.subarray(0, count), position);
        file.current = grown;
        return count;
      },
      sync: async () => {
        await undefined;
        if (this.failsToSync) {
          file.dropped = [file.durable.length, file.current.length];
          throw Object.assign(new Error("EIO: i/o error, fdatasync"), { code: "EIO" });
        }
        this.syncs++;
        file.durable = Buffer.from(file.current);
        if (file.dropped) file.durable.fill(0, ...file.dropped);
      },
      close: () => Promise.resolve(),
    });
  }

  async replace(path: string, bytes: Uint8Array): Promise<void> {
    await undefined;
    if (bytes.length > this.roomBytes) throw noSpace();
    this.put(path, bytes);
  }

  remove(path: string): Promise<void> {
    if (this.failsToRemove) return Promise.reject(new Error("EBUSY: resource busy, unlink"));
    this.files.delete(path);
    return Promise.resolve();
  }

  setAside(path: string): Promise<string> {
    const aside = `${path}.corrupt`;
    const file = this.files.get(path)!;
    this.files.delete(path);
    this.files.set(aside, file);
    return Promise.resolve(aside);
  }
}

function noSpace(): Error {
  return Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
}
