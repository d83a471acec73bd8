import { createHash } from "node:crypto";
import { posix } from "node:path";
import { fileURLToPath } from "node:url";
import { resolveForBrowser, splitPackagePath } from "./_browser_packages.ts";
import { findModuleFile, type ModuleFile } from "./_module_files.ts";
import { rewriteImports } from "./_rewrite_imports.ts";
import { stripTypes } from "./_strip_types.ts";

const PACKAGE_ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Options of {@linkcode ModuleServer}. */
export interface ModuleServerOptions {
  /** Directory that holds `components` and `lib`. @default this package's own */
  root?: string | undefined;
}

interface ServedModule {
  readonly modifiedMs: number;
  readonly content: Promise<{ readonly code: string; readonly etag: string }>;
}

/**
 * Serves the elements to browsers as they are in the repository, without a build: types stripped, bare imports made
 * addresses, lit's own files included, since a page of somebody else's has no import map of ours. What it serves is
 * public code, which any page may import; nothing else is reachable.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { ModuleServer } from "demi-health/server";
 *
 * const modules = new ModuleServer();
 * const request = new Request("http://127.0.0.1/modules/lib/base/format.ts");
 * const response = await modules.handle(request, "lib/base/format.ts");
 * assert.match(response.headers.get("content-type")!, /^text\/javascript/);
 * assert.equal((await modules.handle(request, "lib/server/dashboard.ts")).status, 404);
 * ```
 */
export class ModuleServer {
  readonly #root: string;
  readonly #served = new Map<string, ServedModule>();

  constructor(options: ModuleServerOptions = {}) {
    this.#root = options.root ?? PACKAGE_ROOT;
  }

  /**
   * The module, 304 when the browser has it already, 404 when it is not for browsers.
   *
   * @param path What follows `modules/` in the address, still encoded.
   * @throws {Error} If the file imports what no browser can have.
   */
  async handle(request: Request, path: string): Promise<Response> {
    const file = await findModuleFile(this.#root, path);
    if (!file) return Response.json({ error: "there is no module at this address" }, { status: 404 });
    const { code, etag } = await this.#prepare(path, file);
    return respondWithCode(request, code, etag, path.endsWith(".css") ? "text/css" : "text/javascript");
  }

  #prepare(path: string, file: ModuleFile): ServedModule["content"] {
    const key = decodeURIComponent(path);
    const known = this.#served.get(key);
    if (known?.modifiedMs === file.modifiedMs) return known.content;
    const content = prepare(key, file);
    content.catch(() => this.#served.delete(key));
    this.#served.set(key, { modifiedMs: file.modifiedMs, content });
    return content;
  }
}

/** Code that any page may import, revalidated on every load. */
export function respondWithCode(
  request: Request,
  code: string,
  etag: string = makeEtag(code),
  type: string = "text/javascript",
): Response {
  const headers = {
    "content-type": `${type}; charset=utf-8`,
    "cache-control": "no-cache",
    "access-control-allow-origin": "*",
    "cross-origin-resource-policy": "cross-origin",
    etag,
  };
  const known = request.headers.get("if-none-match")?.split(",") ?? [];
  const isKnown = known.some((tag) => tag.trim().replace(/^W\//, "") === etag || tag.trim() === "*");
  return isKnown ? new Response(null, { status: 304, headers }) : new Response(code, { headers });
}

async function prepare(path: string, file: ModuleFile): Promise<{ code: string; etag: string }> {
  const source = await file.read();
  if (path.endsWith(".css")) return { code: source, etag: makeEtag(source) };
  // the maps of packages are not served
  const stripped = path.endsWith(".ts")
    ? stripTypes(source)
    : source.replace(/^\/\/# sourceMappingURL=.*$/m, "");
  const code = await rewriteImports(stripped, (specifier) => toAddress(path, specifier));
  return { code, etag: makeEtag(code) };
}

// Relative to the importing module: the same whatever prefix the dashboard is mounted at.
async function toAddress(importer: string, specifier: string): Promise<string> {
  if (/^\.{1,2}\//.test(specifier)) return specifier;
  const split = splitPackagePath(specifier);
  if (!split)
    throw new Error(
      `Cannot serve ${importer}: its import '${specifier}' must be relative or of lit or uplot`,
    );
  const file = await resolveForBrowser(split.name, split.subpath);
  const address = posix.relative(posix.dirname(importer), posix.join("npm", split.name, file));
  return address.startsWith(".") ? address : `./${address}`;
}

function makeEtag(code: string): string {
  return `"${createHash("sha256").update(code).digest("base64url").slice(0, 22)}"`;
}
