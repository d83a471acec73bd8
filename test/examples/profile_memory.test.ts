import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { suite, test } from "node:test";
import { fileURLToPath } from "node:url";
import assert from "node:assert/strict";
import { temporaryDirectory } from "../integration/_demo.ts";

const SCRIPT = fileURLToPath(new URL("../../examples/profile_memory.ts", import.meta.url));

interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function start(...args: readonly string[]): { readonly child: ChildProcess; readonly done: Promise<Run> } {
  const child = spawn(process.execPath, [SCRIPT, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const output = { stdout: "", stderr: "" };
  child.stdout.on("data", (data) => (output.stdout += String(data)));
  child.stderr.on("data", (data) => (output.stderr += String(data)));
  const done = once(child, "close").then(([code]) => ({ code: code as number | null, ...output }));
  return { child, done };
}

const run = (...args: readonly string[]): Promise<Run> => start(...args).done;

function lastLine(stdout: string): Record<string, unknown> {
  return JSON.parse(stdout.trimEnd().split("\n").at(-1)!) as Record<string, unknown>;
}

// Grows by 40 entries a millisecond, caught up with where the machine was busy meanwhile; in a function that can be named.
const LEAKING = `
const kept = [];
function keepUpTo(count) { while (kept.length < count) kept.push({ text: "entry " + kept.length }); }
const begun = performance.now();
setInterval(() => keepUpTo(40 * (performance.now() - begun)), 20);
console.log("the program's own output");
`;

suite("examples/profile_memory.ts", { concurrency: 2, timeout: 120_000 }, () => {
  test("finds the leak of a command and its line, writes both reports, and ends with 2", async () => {
    await using data = await temporaryDirectory();
    const report = join(data.path, "report.html");
    const args = ["--duration", "5", "--interval", "0.1", "--min-minutes", "0", "--report", report, "--json"];
    const { code, stdout, stderr } = await run(...args, "--", process.execPath, "-e", LEAKING);
    assert.equal(code, 2, stdout + stderr);
    assert.match(stdout, /the program's own output/);
    assert.match(stderr, /left: resident .* heap /);
    assert.doesNotMatch(stderr, /Debugger/);
    const { verdict, sites, samples, reports } = lastLine(stdout) as {
      verdict: string;
      sites: { functionName: string; line: number }[];
      samples: number;
      reports: string[];
    };
    assert.equal(verdict, "leak");
    assert.ok(samples > 20, `${samples} samples`);
    assert.deepEqual([sites[0]?.functionName, sites[0]?.line], ["keepUpTo", 3]);
    assert.deepEqual(reports, [report, join(data.path, "report.txt")]);
    assert.match(await readFile(report, "utf8"), /It leaks/);
    assert.match(await readFile(reports[1]!, "utf8"), /keepUpTo/);
  });

  test("says that it saw too little, and ends with 3", async () => {
    await using data = await temporaryDirectory();
    const report = join(data.path, "report.txt");
    const args = ["--duration", "2", "--interval", "0.5", "--report", report];
    const { code, stdout } = await run(...args, "--", process.execPath, "-e", LEAKING);
    assert.match(stdout, /not-enough-evidence .* needs/);
    assert.equal(code, 3);
  });

  test("looks at a process by its number from outside, and Ctrl-C writes the report", async () => {
    await using data = await temporaryDirectory();
    const report = join(data.path, "report.html");
    const args = [
      "--pid",
      String(process.pid),
      "--duration",
      "1000",
      "--interval",
      "0.2",
      "--report",
      report,
    ];
    const { child, done } = start(...args);
    await once(child.stderr!, "data"); // the first sample was taken
    child.kill("SIGINT");
    const { code, stdout } = await done;
    assert.match(stdout, /Stopped early: SIGINT was received/);
    assert.equal(code, 3);
    assert.match(await readFile(report, "utf8"), /Of another process only what the operating system tells/);
  });

  test("tells when the command ended by itself", async () => {
    await using data = await temporaryDirectory();
    const report = join(data.path, "report.html");
    const program = "setTimeout(() => process.exit(7), 3000)";
    const args = ["--duration", "1000", "--interval", "0.2", "--report", report];
    const { code, stdout } = await run(...args, "--", process.execPath, "-e", program);
    assert.match(stdout, /Stopped early: it ended by itself with 7/);
    assert.equal(code, 3);
  });

  test("ends with 1 and one line where it cannot run", async () => {
    for (const [args, message] of [
      [["--interval", "x"], /'--interval' must be > 0 seconds, got x/],
      [["--duration", "10", "--interval", "9"], /'--interval' must be at most half/],
      [["--pid", "0"], /'--pid' must be a process number/],
      [["--pid", "1", "--", "ls"], /must not both be given/],
      [["--", "no-such-program-here"], /ENOENT/],
      [["--nonsense"], /Unknown option '--nonsense'/],
    ] as const) {
      const { code, stderr } = await run(...args);
      assert.equal(code, 1, stderr);
      assert.match(stderr, message);
      assert.equal(stderr.trimEnd().split("\n").length, 1, stderr);
    }
  });

  test("--help tells of all options", async () => {
    const { code, stdout } = await run("--help");
    assert.equal(code, 0);
    for (const option of ["--duration", "--pid", "--inspect", "--leak", "--report"]) {
      assert.ok(stdout.includes(option), option);
    }
  });
});
