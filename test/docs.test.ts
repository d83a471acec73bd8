// Every TypeScript example in a docstring of the library and in the README runs as it is written.
import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import assert from "node:assert/strict";
import { temporaryDirectory } from "./integration/_demo.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const run = promisify(execFile);

function docstringExamples(file: string): string[] {
  const comments = readFileSync(join(ROOT, file), "utf8").match(/\/\*\*[\s\S]*?\*\//g) ?? [];
  return comments.flatMap((comment) => codeBlocks(comment.replace(/^[ \t]*\* ?/gm, "")));
}

function codeBlocks(text: string): string[] {
  return [...text.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(([, code = ""]) => code);
}

function sources(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => join(folder, name));
}

const EXAMPLES = [
  ...[...sources("lib"), ...sources("components"), "index.ts"].map((file) => ({
    file,
    code: docstringExamples(file),
  })),
  { file: "README.md", code: codeBlocks(readFileSync(join(ROOT, "README.md"), "utf8")) },
];

// What an example may not do where it is tested: take a port that may be somebody's, write into the tree.
function contained(code: string, directory: string): string {
  return code.replace("port: 8080", "port: 0").replace('"data/', `"${directory}/`);
}

suite("README", () => {
  test("points at files that are there", () => {
    const links = [...readFileSync(join(ROOT, "README.md"), "utf8").matchAll(/\]\((?!https?:)([^)#]+)\)/g)];
    assert.ok(links.length > 3);
    for (const [, link = ""] of links) assert.ok(existsSync(join(ROOT, link)), link);
  });
});

suite("examples in the documentation", { concurrency: 2 }, () => {
  for (const { file, code } of EXAMPLES) {
    for (const [index, block] of code.entries()) {
      test(`${file} #${index + 1}`, async () => {
        await using data = await temporaryDirectory();
        const { stderr } = await run(
          process.execPath,
          ["--input-type=module-typescript", "--eval", contained(block, data.path)],
          {
            cwd: ROOT,
            timeout: 30_000,
            env: { ...process.env, NODE_V8_COVERAGE: undefined },
          },
        );
        assert.equal(stderr, "");
      });
    }
  }
});
