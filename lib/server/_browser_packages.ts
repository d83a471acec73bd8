import { readFile, realpath } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The packages that a browser may ask for, and the package in whose place they are looked for. */
const PARENTS: Readonly<Record<string, string | undefined>> = {
  lit: undefined,
  uplot: undefined,
  "lit-html": "lit",
  "lit-element": "lit",
  "@lit/reactive-element": "lit",
};

// Never "node" (builds for rendering on servers) and never "development" (they warn in the console).
const CONDITIONS: ReadonlySet<string> = new Set(["browser", "import", "default"]);

type ExportsTarget = string | { readonly [condition: string]: ExportsTarget } | null;

interface Manifest {
  readonly main?: string;
  readonly module?: string;
  readonly exports?: Readonly<Record<string, ExportsTarget>>;
}

/** A package on this machine. */
export interface BrowserPackage {
  readonly name: string;
  /** Its directory, links resolved. */
  readonly directory: string;
  readonly manifest: Manifest;
}

const packages = new Map<string, Promise<BrowserPackage>>();

/** Name and subpath (`.` or `./…`) of a bare specifier or of a path below `npm/`; `undefined` for what is not served. */
export function splitPackagePath(path: string): { name: string; subpath: string } | undefined {
  const [, name = "", rest = ""] = /^((?:@[^/]+\/)?[^/]+)(\/.*)?$/.exec(path) ?? [];
  return Object.hasOwn(PARENTS, name) ? { name, subpath: `.${rest}` } : undefined;
}

/**
 * File, relative to its package, that a bare specifier means in a browser.
 *
 * @throws {Error} If the package does not export it.
 */
export async function resolveForBrowser(name: string, subpath: string): Promise<string> {
  const { manifest } = await findPackage(name);
  const found = manifest.exports ? matchExports(manifest.exports, subpath) : matchLegacy(manifest, subpath);
  if (found === undefined) throw new Error(`Cannot resolve import: '${name}' does not export ${subpath}`);
  return found.replace(/^\.\//, "");
}

/** @throws {Error} If the package is not installed. */
export function findPackage(name: string): Promise<BrowserPackage> {
  let found = packages.get(name);
  if (!found) {
    found = locate(name);
    found.catch(() => packages.delete(name)); // it may be installed later
    packages.set(name, found);
  }
  return found;
}

async function locate(name: string): Promise<BrowserPackage> {
  const parent = PARENTS[name];
  const start = parent ? (await findPackage(parent)).directory : fileURLToPath(new URL(".", import.meta.url));
  for (let directory = start; ; directory = dirname(directory)) {
    const candidate = join(directory, "node_modules", name);
    const text = await readFile(join(candidate, "package.json"), "utf8").catch(() => undefined);
    if (text !== undefined) {
      return { name, directory: await realpath(candidate), manifest: JSON.parse(text) as Manifest };
    }
    if (dirname(directory) === directory) {
      throw new Error(`Cannot serve modules: package '${name}' must be installed, got none above ${start}`);
    }
  }
}

function matchExports(exports: NonNullable<Manifest["exports"]>, subpath: string): string | undefined {
  const target = exports[subpath];
  return target === undefined ? undefined : pickTarget(target);
}

// The order is the package's: the first condition that holds decides, as in Node's algorithm.
function pickTarget(target: ExportsTarget): string | undefined {
  if (typeof target === "string") return target;
  for (const [condition, nested] of Object.entries(target ?? {})) {
    const picked = CONDITIONS.has(condition) ? pickTarget(nested) : undefined;
    if (picked !== undefined) return picked;
  }
  return undefined;
}

function matchLegacy({ module, main }: Manifest, subpath: string): string | undefined {
  return subpath === "." ? (module ?? main) : subpath;
}
