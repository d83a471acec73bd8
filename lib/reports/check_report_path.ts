import { open, rm, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import process from "node:process";
import { makeFolder } from "../base/make_folder.ts";
import { reportPaths } from "./_report_paths.ts";

/**
 * Resolves where {@linkcode writeReport} could write to a path now: before an hour of work whose report it is to be. Folders above
 * it are made; a report that is there stays as it is.
 *
 * @throws {TypeError} If it is a folder.
 * @throws {Error} As the file system does.
 */
export async function checkReportPath(path: string): Promise<void> {
  await makeFolder(dirname(resolve(path)));
  for (const each of reportPaths(path)) {
    const temporary = `${each}.${process.pid}.tmp`;
    await (await open(temporary, "w")).close();
    await rm(temporary);
    if ((await stat(each).catch(() => undefined))?.isDirectory()) {
      throw new TypeError(`Cannot write report: 'path' must be of a file, got the folder ${each}`);
    }
  }
}
