import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { CompanionFactory } from "../../lib/harness/companion.ts";
import type { Defect } from "./defects.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** A copy of pocket Demi with a defect in it; removed at the end. */
export interface PlantedDemi extends AsyncDisposable {
  readonly factory: CompanionFactory;
  /** Path of the module that exports `pocketDemi`. */
  readonly module: string;
}

/**
 * Copies pocket Demi, breaks the copy, and loads it. The library that she imports is the one under test, not a copy.
 *
 * @throws {Error} If an edit does not match exactly once.
 */
export async function plant(defect: Pick<Defect, "name" | "edits">): Promise<PlantedDemi> {
  const directory = await mkdtemp(join(tmpdir(), "demi-defect-"));
  await using undo = new AsyncDisposableStack();
  undo.defer(() => rm(directory, { recursive: true, force: true }));
  const demi = join(directory, "examples", "demi");
  await mkdir(join(directory, "examples"));
  await cp(join(ROOT, "examples", "demi"), demi, { recursive: true });
  for (const shared of ["lib", "node_modules", "package.json"]) {
    await symlink(join(ROOT, shared), join(directory, shared));
  }
  for (const { file, search, replace } of defect.edits) {
    const path = join(demi, file);
    const source = await readFile(path, "utf8");
    const matches = source.split(search).length - 1;
    if (matches !== 1) {
      throw new Error(
        `Cannot plant '${defect.name}': its text must be in ${file} once, got ${matches} times`,
      );
    }
    await writeFile(
      path,
      source.replace(search, () => replace),
    );
  }
  const module = join(demi, "pocket_demi.ts");
  const { pocketDemi } = (await import(pathToFileURL(module).href)) as { pocketDemi: CompanionFactory };
  const ends = undo.move();
  return { factory: pocketDemi, module, [Symbol.asyncDispose]: () => ends.disposeAsync() };
}
