// The companion that a command line names: FILE#EXPORT, or pocket Demi.
import { resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { CompanionFactory } from "demi-health/harness";

const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

/**
 * @param action Such as `run scenarios`: for the error message.
 * @param named `FILE#EXPORT`, or a file whose default export it is; undefined for pocket Demi.
 * @param asProcess Whether she is a process of her own.
 * @throws {TypeError} If there is no function of that name.
 */
export async function loadCompanion(
  action: string,
  named: string | undefined,
  asProcess: boolean,
): Promise<CompanionFactory> {
  const own = asProcess
    ? `${here("pocket_demi_process.ts")}#pocketDemiProcess`
    : `${here("demi/pocket_demi.ts")}#pocketDemi`;
  const companion = named ?? own;
  const at = companion.lastIndexOf("#");
  const [file, name] = at < 0 ? [companion, "default"] : [companion.slice(0, at), companion.slice(at + 1)];
  const module = (await import(pathToFileURL(resolve(file)).href)) as Record<string, unknown>;
  const factory = module[name];
  if (typeof factory === "function") return factory as CompanionFactory;
  throw new TypeError(
    `Cannot ${action}: '${name}' of ${file} must be a function that makes a companion, got ${typeof factory}`,
  );
}
