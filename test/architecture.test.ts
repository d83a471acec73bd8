import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix, relative } from "node:path";
import { suite, test } from "node:test";
import { fileURLToPath } from "node:url";
import assert from "node:assert/strict";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
const BROWSER_SAFE = "// This module is browser-safe.";

/** The areas that each area of lib may import from; `types` only by `import type`. `base` is open to all. */
interface Arrows {
  readonly imports: readonly string[];
  readonly types?: readonly string[];
}

const HOST = ["stats", "metrics", "store", "memory", "emotion", "alerts", "feed", "reports"];
const ARROWS: Readonly<Record<string, Arrows>> = {
  base: { imports: [] },
  stats: { imports: [] },
  metrics: { imports: ["stats"] },
  store: { imports: ["metrics", "stats"] },
  reports: { imports: ["stats"] },
  memory: { imports: ["stats", "reports"] },
  emotion: { imports: ["stats"] },
  alerts: { imports: ["metrics", "stats"] },
  feed: { imports: [], types: ["metrics", "alerts", "emotion", "memory", "stability"] },
  server: { imports: ["feed", "store", "alerts", "metrics", "health_monitor"] },
  mocks: { imports: [] },
  harness: { imports: ["mocks", "emotion", "stats", "reports"] },
  stability: {
    imports: ["harness", "mocks", "emotion", "memory", "metrics", "store", "alerts", "stats", "reports"],
  },
  // the composition root, and the files beside it that need verdicts of several areas
  health_monitor: { imports: HOST },
  components: { imports: ["feed", "stats", "store"], types: ["emotion", "alerts", "metrics"] },
  "examples/demi": { imports: [], types: ["emotion", "harness"] },
};

interface Import {
  readonly specifier: string;
  readonly typeOnly: boolean;
}

function sourceFiles(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)).replaceAll("\\", "/"));
}

// Imports and re-exports, static and dynamic. `import { type A }` counts as type-only when every name is one.
function importsOf(source: string): Import[] {
  const code = source.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
  const statics = [...code.matchAll(/\b(?:import|export)\s+(type\s+)?([^;"']*?)\s*from\s*["']([^"']+)["']/g)];
  const bare = [...code.matchAll(/\bimport\s*\(?\s*["']([^"']+)["']/g)];
  return [
    ...statics.map(([, keyword, names = "", specifier = ""]) => ({
      specifier,
      typeOnly: keyword !== undefined || isAllTypes(names),
    })),
    ...bare.map(([, specifier = ""]) => ({ specifier, typeOnly: false })),
  ];
}

function isAllTypes(names: string): boolean {
  const listed = /^\{([^}]*)\}$/.exec(names.trim())?.[1];
  if (listed === undefined) return false;
  const entries = listed.split(",").map((name) => name.trim());
  return entries.filter(Boolean).every((name) => name.startsWith("type "));
}

function areaOf(file: string): string {
  const [top = "", second = ""] = file.split("/");
  if (top === "lib") return second.endsWith(".ts") ? "health_monitor" : second;
  return top === "examples" && second === "demi" ? "examples/demi" : top;
}

const SELF = /^demi-health(?:\/(.+))?$/;

/** Path of the imported file within the project, or `undefined` for a package. */
function resolveImport(file: string, specifier: string): string | undefined {
  if (specifier.startsWith(".")) return posix.join(posix.dirname(file), specifier);
  const self = SELF.exec(specifier);
  if (!self) return undefined;
  return self[1] ? `lib/${self[1]}/mod.ts` : "index.ts";
}

function violations(file: string, source: string): string[] {
  const area = areaOf(file);
  const arrows = ARROWS[area];
  if (!arrows) return [`${file}: area '${area}' has no arrows in DESIGN.md`];
  return importsOf(source).flatMap(({ specifier, typeOnly }) => {
    const target = resolveImport(file, specifier);
    if (target === undefined) return [];
    if (target.endsWith("/mod.ts") && area !== "examples/demi" && !file.endsWith("/mod.ts")) {
      return [`${file}: imports the barrel ${target}`];
    }
    const to = areaOf(target);
    const allowed =
      to === area ||
      to === "base" ||
      arrows.imports.includes(to) ||
      (typeOnly && arrows.types?.includes(to) === true);
    return allowed ? [] : [`${file}: ${typeOnly ? "type" : "value"} import of ${target} (${area} → ${to})`];
  });
}

const FILES = [...sourceFiles("lib"), ...sourceFiles("components"), ...sourceFiles("examples/demi")];
const read = (file: string): string => readFileSync(join(ROOT, file), "utf8");

suite("architecture", () => {
  test("imports follow the arrows of the design", () => {
    assert.deepEqual(
      FILES.flatMap((file) => violations(file, read(file))),
      [],
    );
  });

  test("an import against the arrows is found", () => {
    const planted: readonly (readonly [string, string])[] = [
      ["lib/base/clock.ts", `import { a } from "../stats/quantile.ts";`],
      ["lib/mocks/x.ts", `import type { A } from "../harness/companion.ts";`],
      ["lib/feed/x.ts", `import { type A, b } from "../alerts/alert.ts";`],
      ["lib/store/x.ts", `export { a } from "../alerts/alert.ts";`],
      ["lib/stats/x.ts", `const a = await import("../feed/messages.ts");`],
      ["examples/demi/x.ts", `import { a } from "demi-health/emotion";`],
      ["lib/alerts/x.ts", `import { a } from "../metrics/mod.ts";`],
    ];
    for (const [file, source] of planted) assert.equal(violations(file, source).length, 1, file);
    assert.deepEqual(violations("lib/feed/x.ts", `import { type A } from "../alerts/alert.ts";`), []);
  });

  test("browser-safe files import nothing that is not", () => {
    const safe = FILES.filter((file) => read(file).startsWith(BROWSER_SAFE));
    assert.ok(safe.length > 10, "the marker was found in hardly any file");
    const bad = safe.flatMap((file) =>
      importsOf(read(file))
        .filter(({ typeOnly }) => !typeOnly)
        .filter(({ specifier }) => {
          const target = resolveImport(file, specifier);
          return target === undefined
            ? !/^(lit|uplot)(\/|$)/.test(specifier)
            : !read(target).startsWith(BROWSER_SAFE);
        })
        .map(({ specifier }) => `${file}: ${specifier}`),
    );
    assert.deepEqual(bad, []);
  });

  test("components import only browser-safe files of the library", () => {
    const bad = sourceFiles("components").flatMap((file) =>
      importsOf(read(file)).flatMap(({ specifier, typeOnly }) => {
        const target = resolveImport(file, specifier);
        const fine = typeOnly || !target?.startsWith("lib/") || read(target).startsWith(BROWSER_SAFE);
        return fine ? [] : [`${file}: ${specifier}`];
      }),
    );
    assert.deepEqual(bad, []);
  });

  test("nothing in the library but base reads the time, waits or draws random numbers by itself", () => {
    const bad = sourceFiles("lib")
      .filter((file) => !file.startsWith("lib/base/"))
      .flatMap((file) => {
        const code = read(file)
          .replace(/\/\*[\s\S]*?\*\//g, "")
          .replace(/\/\/.*$/gm, "");
        return /\bDate\.now\(|\bsetInterval\(|(?<![.\w])setTimeout\(|\bMath\.random\b/.test(code)
          ? [file]
          : [];
      });
    assert.deepEqual(bad, []);
  });

  test("package.json exports every area and the entry files exist", () => {
    const manifest = JSON.parse(read("package.json")) as { exports: Record<string, string> };
    const areas = readdirSync(join(ROOT, "lib"), { withFileTypes: true }).filter((entry) =>
      entry.isDirectory(),
    );
    for (const { name } of areas) assert.equal(manifest.exports[`./${name}`], `./lib/${name}/mod.ts`);
    for (const path of Object.values(manifest.exports)) {
      if (!path.includes("*")) assert.doesNotThrow(() => read(path), path);
    }
  });
});
