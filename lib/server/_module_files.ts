import { readFile, realpath, stat } from "node:fs/promises";
import { join, sep } from "node:path";
import { findPackage, splitPackagePath } from "./_browser_packages.ts";

const MARKER = "// This module is browser-safe.";
// No dot in front: that covers `..` and hidden files. Nothing that a file system or an address could read in two ways.
const SEGMENT = /^[\w@-][\w@.-]*$/;

/** A file that may be served. */
export interface ModuleFile {
  /** Links resolved. */
  readonly path: string;
  readonly modifiedMs: number;
  read(): Promise<string>;
}

/**
 * The file for a path below `modules/`, `undefined` for everything that is not for browsers: `components/…`, browser-safe
 * files of `lib/…`, and `npm/…` for the few packages that those import.
 *
 * @param root Directory that holds `components` and `lib`.
 * @param path As it stands in the address, still encoded.
 */
export async function findModuleFile(root: string, path: string): Promise<ModuleFile | undefined> {
  const segments = decode(path)?.split("/");
  if (!segments?.every((segment) => SEGMENT.test(segment))) return undefined;
  const [top, ...rest] = segments;
  const name = rest.join("/");
  if (top === "npm") return findPackageFile(name);
  if (top !== "components" && top !== "lib") return undefined;
  const file = await findFile(join(root, top), name, ".ts", ".js");
  if (!file || top === "components") return file;
  return (await file.read()).startsWith(MARKER) ? file : undefined;
}

async function findPackageFile(path: string): Promise<ModuleFile | undefined> {
  const split = splitPackagePath(path);
  if (!split) return undefined;
  const { directory } = await findPackage(split.name);
  return findFile(directory, split.subpath, ".js", ...(split.name === "uplot" ? [".css"] : []));
}

async function findFile(
  directory: string,
  name: string,
  ...extensions: string[]
): Promise<ModuleFile | undefined> {
  if (!extensions.some((extension) => name.endsWith(extension))) return undefined;
  try {
    const [top, path] = await Promise.all([realpath(directory), realpath(join(directory, name))]);
    if (!path.startsWith(top + sep)) return undefined; // a link that leads out
    const { mtimeMs, isFile } = await stat(path).then((s) => ({ mtimeMs: s.mtimeMs, isFile: s.isFile() }));
    return isFile ? { path, modifiedMs: mtimeMs, read: () => readFile(path, "utf8") } : undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR" || code === "ENAMETOOLONG") return undefined;
    throw error;
  }
}

function decode(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}
