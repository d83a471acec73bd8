import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import type { FileTree } from "./power_loss.ts";

/** What lies below a directory now. Symbolic links and sockets are no part of it. */
export async function readTree(root: string): Promise<FileTree> {
  const files = new Map<string, Uint8Array>();
  const directories = new Set<string>();
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    const path = `/${relative(root, join(entry.parentPath, entry.name))}`;
    if (entry.isDirectory()) directories.add(path);
    else if (entry.isFile()) files.set(path, new Uint8Array(await readFile(join(root, path))));
  }
  return { files, directories };
}

/** Puts a tree in the place of whatever lies below a directory; the directory itself stays. */
export async function replaceTree(root: string, { files, directories }: FileTree): Promise<void> {
  for (const name of await readdir(root)) await rm(join(root, name), { recursive: true, force: true });
  for (const path of directories) await mkdir(join(root, path), { recursive: true });
  for (const [path, bytes] of files) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), bytes);
  }
}

/** Paths whose contents differ between two trees, or that only one of them has. */
export function differingFiles(one: FileTree, other: FileTree): readonly string[] {
  const paths = new Set([...one.files.keys(), ...other.files.keys()]);
  return [...paths].filter((path) => {
    const [a, b] = [one.files.get(path), other.files.get(path)];
    return a === undefined || b === undefined || Buffer.compare(a, b) !== 0;
  });
}
