import { resolve } from "node:path";

/** Absolute paths of the files of a report: HTML and text, or text only where the path ends with `.txt`. */
export function reportPaths(path: string): readonly string[] {
  const target = resolve(path);
  if (target.endsWith(".txt")) return [target];
  return [target, `${target.replace(/\.html?$/i, "")}.txt`];
}
