import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import assert from "node:assert/strict";
import { init, parse } from "es-module-lexer";
import { ModuleServer } from "../../lib/server/module_server.ts";
import { sendRaw, startDashboard } from "./_fixtures.ts";

/** All modules that a browser loads for `url`, as it would, with their code. */
async function loadGraph(url: string): Promise<Map<string, { response: Response; code: string }>> {
  await init;
  const loaded = new Map<string, { response: Response; code: string }>();
  const waiting = [url];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (loaded.has(next)) continue;
    const response = await fetch(next);
    const code = await response.text();
    loaded.set(next, { response, code });
    for (const { type, specifier } of parse(code)[0]) {
      if (type === "import-meta" || specifier === undefined) continue;
      assert.match(specifier, /^\.{1,2}\//, `bare import in ${next}`);
      waiting.push(new URL(specifier, next).href);
    }
  }
  return loaded;
}

/** A package of its own with these files. */
async function makeRoot(
  files: Readonly<Record<string, string>>,
): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), "demi-modules-"));
  for (const [name, content] of Object.entries(files)) {
    await mkdir(join(path, name, ".."), { recursive: true });
    await writeFile(join(path, name), content);
  }
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}

async function get(
  modules: ModuleServer,
  path: string,
  headers: Record<string, string> = {},
): Promise<Response> {
  return modules.handle(new Request(`http://127.0.0.1/modules/${path}`, { headers }), path);
}

suite("embed.js", () => {
  test("leads to modules only that a browser can load, all from here", async () => {
    await using dashboard = await startDashboard();
    const graph = await loadGraph(`${dashboard.url}/embed.js`);
    for (const [url, { response, code }] of graph) {
      assert.equal(response.status, 200, `${url}: ${code.slice(0, 200)}`);
      assert.equal(response.headers.get("content-type"), "text/javascript; charset=utf-8", url);
      assert.equal(response.headers.get("access-control-allow-origin"), "*", url);
      assert.equal(new URL(url).origin, dashboard.url);
      assert.doesNotMatch(url, /\/(node|development)\/|\/lib\/server\/|\.cjs/);
      assert.ok(!/sourceMappingURL|process\.env/.test(code), url);
    }
    const paths = [...graph.keys()].map((url) => new URL(url).pathname);
    for (const path of [
      "components/demi-health-panel.ts",
      "npm/lit/index.js",
      "npm/lit-html/lit-html.js",
      "npm/@lit/reactive-element/reactive-element.js",
      "npm/uplot/dist/uPlot.esm.js",
    ]) {
      assert.ok(paths.includes(`/modules/${path}`), `${path} is not among\n${paths.join("\n")}`);
    }
  });
});

suite("ModuleServer", () => {
  test("serves nothing that is not for browsers", async () => {
    await using dashboard = await startDashboard();
    for (const path of [
      "../package.json",
      "components/../package.json",
      "components/../lib/server/dashboard.ts",
      "components/%2e%2e/package.json",
      "components/..%2fpackage.json",
      "components%2f..%2f..%2fpackage.json",
      "components/..%5c..%5cpackage.json",
      "components/%252e%252e/package.json",
      "components/....//package.json",
      "components//mod.ts",
      "components/mod.ts%00.js",
      "components/%ff.ts",
      "components/.hidden.ts",
      "components/",
      "components",
      "",
      "/etc/passwd",
      "file:///etc/passwd",
      "lib/server/dashboard.ts",
      "lib/base/../server/dashboard.ts",
      "lib/base/no_such.ts",
      "test/server/_fixtures.ts",
      "index.ts",
      ".git/config",
      "node_modules/lit/index.js",
      "npm/hono/dist/index.js",
      "npm/lit/package.json",
      "npm/lit/../hono/dist/index.js",
      "npm/lit/%2e%2e/hono/dist/index.js",
      "npm/@lit/../hono/dist/index.js",
      "npm/__proto__/x.js",
      `components/${"a".repeat(5000)}.ts`,
    ]) {
      const { status, body } = await sendRaw(dashboard.url, `/modules/${path}`);
      assert.ok(status === 404 || status === 400, `${path}: ${status}`);
      assert.doesNotMatch(body, /import|root:|"name"/, path);
    }
  });

  test("does not follow links out of its folders", async () => {
    await using root = await makeRoot({
      "components/a.ts": "export {}",
      "secret.ts": "export const secret = 1",
    });
    await symlink("../secret.ts", join(root.path, "components/out.ts"));
    await symlink("..", join(root.path, "components/up"));
    await symlink("a.ts", join(root.path, "components/within.ts"));
    const modules = new ModuleServer({ root: root.path });
    assert.equal((await get(modules, "components/out.ts")).status, 404);
    assert.equal((await get(modules, "components/up/secret.ts")).status, 404);
    assert.equal((await get(modules, "components/within.ts")).status, 200);
  });

  test("strips types and type-only imports, keeping lines and columns", async () => {
    const source = `import type { A } from "node:fs";\nimport { html } from 'lit';\nexport const n = 1 as number;\n`;
    await using root = await makeRoot({ "components/a.ts": source });
    const response = await get(new ModuleServer({ root: root.path }), "components/a.ts");
    assert.deepEqual(
      (await response.text()).split("\n").map((line) => line.trimEnd()),
      ["", "import { html } from '../npm/lit/index.js';", "export const n = 1          ;", ""],
    );
  });

  test("rewrites each kind of import, and leaves text alone", async () => {
    const source = [
      `export * from "lit/directives/repeat.js";`,
      `const later = () => import("uplot");`,
      `const computed = (name: string) => import(name);`,
      `export const text = 'import { html } from "lit"'; // import "lit"`,
      `export const here = import.meta.url;`,
    ].join("\n");
    await using root = await makeRoot({ "components/deep/a.ts": source });
    const response = await get(new ModuleServer({ root: root.path }), "components/deep/a.ts");
    const code = await response.text();
    assert.ok(code.includes(`export * from "../../npm/lit/directives/repeat.js";`), code);
    assert.ok(code.includes(`import("../../npm/uplot/dist/uPlot.esm.js")`), code);
    assert.ok(code.includes(`'import { html } from "lit"'; // import "lit"`), code);
    assert.ok(code.includes("import(name)") && code.includes("import.meta.url"), code);
  });

  test("serves files of lib with the marker only", async () => {
    await using root = await makeRoot({
      "lib/a.ts": "// This module is browser-safe.\nexport {}",
      "lib/b.ts": "export const forBrowsers = false; // This module is browser-safe.",
    });
    const modules = new ModuleServer({ root: root.path });
    assert.equal((await get(modules, "lib/a.ts")).status, 200);
    assert.equal((await get(modules, "lib/b.ts")).status, 404);
  });

  test("serves the style sheet of uPlot, as it is, and no other of the packages' files", async () => {
    const modules = new ModuleServer();
    const response = await get(modules, "npm/uplot/dist/uPlot.min.css");
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("content-type"), "text/css; charset=utf-8");
    assert.equal(response.headers.get("access-control-allow-origin"), "*");
    assert.match(await response.text(), /^\.uplot/);
    assert.equal((await get(modules, "npm/uplot/README.md")).status, 404);
  });

  test("says which import no browser can have", async () => {
    await using root = await makeRoot({
      "components/a.ts": `import "node:fs";`,
      "components/b.ts": `import "lit/no-such.js";`,
    });
    const modules = new ModuleServer({ root: root.path });
    await assert.rejects(
      get(modules, "components/a.ts"),
      /Cannot serve components\/a\.ts: its import 'node:fs'/,
    );
    await assert.rejects(get(modules, "components/b.ts"), /'lit' does not export \.\/no-such\.js/);
  });

  test("answers 304 until the file changes", async () => {
    await using root = await makeRoot({ "components/a.ts": "export const n = 1;" });
    const modules = new ModuleServer({ root: root.path });
    const etag = (await get(modules, "components/a.ts")).headers.get("etag")!;
    const again = await get(modules, "components/a.ts", { "if-none-match": `"other", W/${etag}` });
    assert.equal(again.status, 304);
    assert.equal(again.headers.get("etag"), etag);
    await writeFile(join(root.path, "components/a.ts"), "export const n = 2;");
    await utimes(join(root.path, "components/a.ts"), 1, 1);
    const changed = await get(modules, "components/a.ts", { "if-none-match": etag });
    assert.equal(changed.status, 200);
    assert.equal(await changed.text(), "export const n = 2;");
  });

  test("prints no warning into its host", async () => {
    const script = `
      import { ModuleServer } from "demi-health/server";
      const request = new Request("http://127.0.0.1/");
      const response = await new ModuleServer().handle(request, "lib/base/format.ts");
      console.log(response.status);`;
    const cwd = fileURLToPath(new URL("../..", import.meta.url));
    const args = ["--input-type=module-typescript", "--eval", script];
    const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { cwd });
    assert.deepEqual({ stdout, stderr }, { stdout: "200\n", stderr: "" });
  });
});
