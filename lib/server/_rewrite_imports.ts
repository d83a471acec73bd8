import { init, parse } from "es-module-lexer";

/** The module with every import that has a literal address changed to what `resolve` returns for it. */
export async function rewriteImports(
  code: string,
  resolve: (specifier: string) => string | Promise<string>,
): Promise<string> {
  await init;
  const [imports] = parse(code);
  let rewritten = "";
  let end = 0;
  for (const found of imports.toSorted((a, b) => a.start - b.start)) {
    if (found.type === "import-meta" || found.specifier === undefined) continue;
    if (found.type === "dynamic" && found.glob) continue;
    const target = await resolve(found.specifier);
    if (target === found.specifier) continue;
    const isQuoted = /^["'`]/.test(code.slice(found.start, found.end)); // in import() the quotes are part of it
    rewritten += code.slice(end, found.start) + (isQuoted ? JSON.stringify(target) : target);
    end = found.end;
  }
  return rewritten + code.slice(end);
}
