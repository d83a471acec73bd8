import { createHash } from "node:crypto";
import {
  closeSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";

const SAME_TIME_MS = 5; // what is copied with its times may lose their last digits

/** What a file was when it was closed for good. */
interface Seal {
  readonly size: number;
  readonly mtimeMs: number;
  readonly sha256: string;
}

function pathOf(path: string): string {
  return `${path}.seal`;
}

function read(path: string): Seal {
  const { size, mtimeMs } = statSync(path);
  return { size, mtimeMs, sha256: createHash("sha256").update(readFileSync(path)).digest("hex") };
}

/**
 * Notes beside a file that was closed what is in it. SQLite finds a damaged structure, but not a flipped bit within a
 * text or a number. A seal that cannot be written is left out: it guards what is there without it, too.
 */
export function sealFile(path: string): void {
  const draft = `${pathOf(path)}.new`;
  try {
    const file = openSync(draft, "w");
    try {
      writeSync(file, JSON.stringify(read(path)));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(draft, pathOf(path));
  } catch {
    rmSync(draft, { force: true });
  }
}

/** Whether a file is other than it was sealed, although nobody has written to it since. */
export function isSealBroken(path: string): boolean {
  let seal: Partial<Seal>;
  try {
    seal = JSON.parse(readFileSync(pathOf(path), "utf8")) as Partial<Seal>;
  } catch {
    return false; // a crash leaves none, and a damaged one says nothing
  }
  const { size, mtimeMs } = statSync(path);
  const isUntouched = size === seal.size && Math.abs(mtimeMs - (seal.mtimeMs ?? 0)) < SAME_TIME_MS;
  return isUntouched && read(path).sha256 !== seal.sha256;
}

/** Takes the seal off a file that is written to from now on. */
export function removeSeal(path: string): void {
  rmSync(pathOf(path), { force: true });
}
