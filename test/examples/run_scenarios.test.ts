import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { suite, test } from "node:test";
import { fileURLToPath } from "node:url";
import assert from "node:assert/strict";
import { temporaryDirectory } from "../integration/_demo.ts";

const SCRIPT = fileURLToPath(new URL("../../examples/run_scenarios.ts", import.meta.url));
const DEMI = fileURLToPath(new URL("../../examples/demi/pocket_demi.ts", import.meta.url));

interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function run(...args: string[]): Promise<Run> {
  const { promise, resolve } = Promise.withResolvers<Run>();
  execFile(process.execPath, [SCRIPT, ...args], (error, stdout, stderr) => {
    resolve({ code: error ? Number(error.code) : 0, stdout, stderr });
  });
  return promise;
}

function lastLine(stdout: string): Record<string, unknown> {
  return JSON.parse(stdout.trimEnd().split("\n").at(-1)!) as Record<string, unknown>;
}

suite("examples/run_scenarios.ts", { concurrency: 2 }, () => {
  test("prints a table, and ends with 0 for a healthy companion", async () => {
    const { code, stdout, stderr } = await run("--only", "simple greeting");
    assert.equal(stderr, "");
    assert.match(stdout, /^passed +simple greeting/);
    assert.match(stdout, /1 passed, 0 failed, 0 skipped, 0 could not run/);
    assert.equal(code, 0);
  });

  test("--json ends with one object, --runs counts the seed up, --junit writes a report", async () => {
    await using data = await temporaryDirectory();
    const junit = join(data.path, "report.xml");
    const { stdout } = await run(
      "--only",
      "simple greeting",
      "--seed",
      "7",
      "--runs",
      "2",
      "--json",
      "--junit",
      junit,
    );
    const { ok, scenarios } = lastLine(stdout) as { ok: boolean; scenarios: Record<string, unknown>[] };
    assert.equal(ok, true);
    assert.deepEqual(
      scenarios.map(({ name, ok: passed, seed }) => [name, passed, seed]),
      [
        ["simple greeting", true, "7"],
        ["simple greeting", true, "8"],
      ],
    );
    assert.ok(scenarios.every(({ durationMs }) => typeof durationMs === "number"));
    assert.match(await readFile(junit, "utf8"), /tests="2" failures="0"/);
  });

  test("a defect ends with 2, and says how to see it again", async () => {
    await using data = await temporaryDirectory();
    const file = join(data.path, "mute.ts");
    const source = `import { PocketDemi } from ${JSON.stringify(DEMI)};
export class Numb extends PocketDemi {
  async emotions() {
    return { ...(await super.emotions()), excitement: NaN };
  }
}
export const numb = () => new Numb();`;
    await writeFile(file, source);
    const { code, stdout } = await run("--companion", `${file}#numb`, "--only", "simple greeting", "--json");
    assert.equal(code, 2);
    const { scenarios } = lastLine(stdout) as { scenarios: { error: string; ok: boolean }[] };
    assert.equal(scenarios[0]!.ok, false);
    assert.match(scenarios[0]!.error, /'excitement' must be a finite number, got NaN/);
    assert.match(scenarios[0]!.error, /--companion '.*mute\.ts#numb' --only 'simple greeting' --seed '1'/);
  });

  test("nothing that could be judged ends with 3", async () => {
    const { code, stdout } = await run("--only", "loneliness ramble", "--lacks", "rambles");
    assert.equal(code, 3);
    assert.match(stdout, /skipped .*\n +it needs rambles, which the companion lacks/);
  });

  test("Ctrl-C leaves a result", async () => {
    await using data = await temporaryDirectory();
    const junit = join(data.path, "report.xml");
    const args = ["--runs", "1000", "--only", "simple greeting", "--junit", junit];
    const child = spawn(process.execPath, [SCRIPT, ...args]);
    let stdout = "";
    child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
    await once(child.stdout, "data");
    child.kill("SIGINT");
    const [code] = (await once(child, "close")) as [number];
    assert.equal(code, 3);
    assert.match(stdout, /[1-9]\d* passed, 0 failed, .*; interrupted$/m);
    assert.match(await readFile(junit, "utf8"), /<testsuite name="scenarios" tests="[1-9]/);
  });

  test("what cannot be run is said in one sentence, and ends with 1", async () => {
    const wrong: readonly (readonly [string[], RegExp])[] = [
      [["--only", "nonsense"], /^Cannot run scenarios: '--only' must be part of a name/],
      [["--runs", "0"], /^Cannot run scenarios: '--runs' must be an integer >= 1, got 0$/m],
      [["--platforms", "fax"], /^Cannot run scenarios: '--platforms' must be of discord/],
      [["--companion", `${DEMI}#nobody`], /'nobody' of .* must be a function/],
    ];
    const runs = await Promise.all(wrong.map(([args]) => run(...args)));
    for (const [index, { code, stderr }] of runs.entries()) {
      assert.equal(code, 1);
      assert.match(stderr, wrong[index]![1]);
      assert.equal(stderr.trimEnd().split("\n").length, 1);
    }
  });

  test("--list and --help run nothing", async () => {
    const [list, help] = await Promise.all([run("--list", "--core"), run("--help")]);
    assert.equal(list.stdout.match(/^\S/gm)?.length, 15);
    assert.match(
      help.stdout,
      /Exit code: 0 healthy, 1 could not run, 2 a defect was found, 3 not enough evidence/,
    );
  });
});
