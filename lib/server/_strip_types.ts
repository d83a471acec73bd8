import * as nodeModule from "node:module";

interface BunTranspiler {
  transformSync(code: string): string;
}
interface BunGlobal {
  readonly Transpiler: new (options: { loader: "ts"; target: "browser" }) => BunTranspiler;
}

let bunTranspiler: BunTranspiler | undefined;

/** JavaScript of a TypeScript source that has erasable syntax only; with Node and Deno lines and columns stay. */
export function stripTypes(code: string): string {
  // Bun has no such export, and a named import of it would not even link there
  if (typeof nodeModule.stripTypeScriptTypes === "function") {
    return withoutExperimentalWarning(() => nodeModule.stripTypeScriptTypes(code));
  }
  const { Bun } = globalThis as unknown as { readonly Bun: BunGlobal };
  bunTranspiler ??= new Bun.Transpiler({ loader: "ts", target: "browser" });
  return bunTranspiler.transformSync(code);
}

// Node tells of the experimental function once; the host that serves a page can do nothing about it.
function withoutExperimentalWarning<T>(work: () => T): T {
  const { emitWarning } = process;
  process.emitWarning = ((warning: string | Error, ...rest: unknown[]) => {
    if (rest[0] === "ExperimentalWarning") return;
    Reflect.apply(emitWarning, process, [warning, ...rest]);
  }) as typeof process.emitWarning;
  try {
    return work();
  } finally {
    process.emitWarning = emitWarning;
  }
}
