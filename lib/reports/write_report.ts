import { mkdir, rename, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import process from "node:process";
import { renderHtmlReport } from "./html_report.ts";
import type { Report } from "./report.ts";
import { renderTextReport } from "./text_report.ts";

/**
 * Writes a report as HTML and, beside it, as text; a path that ends with `.txt` gives text only. Files are replaced whole: a
 * reader never sees half of one.
 *
 * @returns Absolute paths of what was written.
 * @throws {Error} As the file system does.
 */
export async function writeReport(report: Report, path: string): Promise<readonly string[]> {
  const target = resolve(path);
  const isText = target.endsWith(".txt");
  const textPath = isText ? target : `${target.replace(/\.html?$/i, "")}.txt`;
  await mkdir(dirname(target), { recursive: true });
  if (!isText) await replaceFile(target, renderHtmlReport(report));
  await replaceFile(textPath, renderTextReport(report));
  return isText ? [textPath] : [target, textPath];
}

async function replaceFile(path: string, text: string): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  await writeFile(temporary, text);
  await rename(temporary, path);
}
