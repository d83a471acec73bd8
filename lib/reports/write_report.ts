import { rename, rm, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import process from "node:process";
import { makeFolder } from "../base/make_folder.ts";
import { renderHtmlReport } from "./html_report.ts";
import { reportPaths } from "./_report_paths.ts";
import type { Report } from "./report.ts";
import { renderTextReport } from "./text_report.ts";

/**
 * Writes a report as HTML and, beside it, as text; a path that ends with `.txt` gives text only. Files are replaced whole: a
 * reader never sees half of one. Folders above it are made.
 *
 * @returns Absolute paths of what was written.
 * @throws {Error} As the file system does.
 */
export async function writeReport(report: Report, path: string): Promise<readonly string[]> {
  const paths = reportPaths(path);
  await makeFolder(dirname(resolve(path)));
  for (const each of paths) {
    await replaceFile(each, each.endsWith(".txt") ? renderTextReport(report) : renderHtmlReport(report));
  }
  return paths;
}

async function replaceFile(path: string, text: string): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    await writeFile(temporary, text);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
}
