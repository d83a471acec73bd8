import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { suite, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import assert from "node:assert/strict";
import { NoSuchProcessError, readProcessMemory } from "demi-health/memory";
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

// As that, but with a helper of Node that it starts first and that does nothing.
const WITH_HELPER = `
const { spawn } = require("node:child_process");
const helper = spawn(process.execPath, ["-e", "process.stdin.resume().on('end', () => process.exit())"], {
  stdio: ["pipe", "ignore", "inherit"],
});
process.on("SIGTERM", () => process.exit());
${LEAKING}
`;

interface Found {
  readonly verdict: string;
  readonly sites: readonly { readonly functionName: string; readonly line: number }[];
  readonly reports: readonly string[];
}

/** Waits for a live line that says `verdict`. */
function untilSaid(child: ChildProcess, verdict: string): Promise<void> {
  return new Promise((resolve) => {
    let text = "";
    child.stderr!.on("data", (data) => {
      text += String(data);
      if (text.includes(`; ${verdict}\n`)) resolve();
    });
  });
}

/** Also of one that nobody waits for, as in a container without an init. */
async function untilGone(pid: number): Promise<void> {
  for (;;) {
    try {
      readProcessMemory(pid);
    } catch (error) {
      assert.ok(error instanceof NoSuchProcessError);
      return;
    }
    await setImmediate();
  }
}

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

  const hasGroups = { skip: process.platform === "win32" ? "no process groups" : false };
  test(
    "knows the line after a Ctrl-C, which a terminal sends to the command as well",
    hasGroups,
    async () => {
      await using data = await temporaryDirectory();
      const report = join(data.path, "report.html");
      const args = [
        "--duration",
        "60",
        "--interval",
        "0.1",
        "--min-minutes",
        "0",
        "--report",
        report,
        "--json",
      ];
      const child = spawn(process.execPath, [SCRIPT, ...args, "--", process.execPath, "-e", LEAKING], {
        stdio: ["ignore", "pipe", "pipe"],
        detached: true,
      });
      let stdout = "";
      child.stdout.on("data", (text) => (stdout += String(text)));
      await untilSaid(child, "leak");
      process.kill(-child.pid!, "SIGINT");
      const [code] = (await once(child, "close")) as [number];
      assert.equal(code, 2, stdout);
      assert.match(stdout, /Stopped early: SIGINT/);
      const { sites } = lastLine(stdout) as unknown as Found;
      assert.equal(sites[0]?.functionName, "keepUpTo");
      const text = await readFile(join(data.path, "report.txt"), "utf8");
      assert.doesNotMatch(text, /not known which functions|Of no function/);
    },
  );

  test("knows the line of a command that died while it leaked", async () => {
    await using data = await temporaryDirectory();
    const report = join(data.path, "report.html");
    const args = [
      "--duration",
      "60",
      "--interval",
      "0.1",
      "--min-minutes",
      "0",
      "--report",
      report,
      "--json",
    ];
    const program = `${LEAKING}; setInterval(() => kept.length > 50_000 && process.exit(134), 20)`;
    const { stdout } = await run(...args, "--", process.execPath, "-e", program);
    assert.match(stdout, /Stopped early: it ended by itself with 134/);
    const { sites } = lastLine(stdout) as unknown as Found;
    assert.equal(sites[0]?.functionName, "keepUpTo", stdout);
  });

  test("looks at the command, and not at a helper that it starts", async () => {
    await using data = await temporaryDirectory();
    const report = join(data.path, "report.html");
    const args = ["--duration", "2", "--interval", "0.1", "--min-minutes", "0", "--report", report, "--json"];
    const { stdout } = await run(...args, "--", process.execPath, "-e", WITH_HELPER);
    const { sites } = lastLine(stdout) as unknown as Found;
    assert.equal(sites[0]?.functionName, "keepUpTo", stdout);
  });

  test("looks at what a launcher starts, and ends all of it", hasGroups, async () => {
    await using data = await temporaryDirectory();
    const report = join(data.path, "report.html");
    await writeFile(join(data.path, "companion.cjs"), `console.log("own number", process.pid);${LEAKING}`);
    const scripts = { start: "node companion.cjs" };
    await writeFile(join(data.path, "package.json"), JSON.stringify({ scripts }));
    const args = ["--duration", "2", "--interval", "0.1", "--min-minutes", "0", "--report", report, "--json"];
    const { stdout, stderr } = await run(...args, "--", "npm", "start", "--prefix", data.path);
    const { sites } = lastLine(stdout) as unknown as Found;
    assert.equal(sites[0]?.functionName, "keepUpTo", stdout + stderr);
    const pid = Number(/own number (\d+)/.exec(stdout)?.[1]);
    assert.match(stdout, new RegExp(`\\(process ${pid}\\)`));
    await untilGone(pid);
  });

  test("stops when the process ends, with what was seen", async () => {
    await using data = await temporaryDirectory();
    const report = join(data.path, "report.html");
    const other = spawn(process.execPath, ["-e", "setInterval(() => {}, 1e6)"]);
    const args = ["--duration", "1000", "--interval", "0.2", "--report", report];
    const { child, done } = start("--pid", String(other.pid), ...args);
    await once(child.stderr!, "data"); // the first sample was taken
    other.kill("SIGKILL");
    const { code, stdout, stderr } = await done;
    assert.match(stdout, /Stopped early: process \d+ ended/);
    assert.equal(code, 3);
    assert.ok(stderr.split("\n").length < 8, stderr);
    assert.ok((await readFile(report, "utf8")).length > 0);
  });

  test("ends with 1, and leaves an older report alone, where there was nothing to see", async () => {
    await using data = await temporaryDirectory();
    const report = join(data.path, "report.html");
    await writeFile(report, "older");
    const gone = spawn(process.execPath, ["-e", ""]);
    await once(gone, "exit");
    const empty = ["--", process.execPath, "-e", ""];
    // ends once it was asked what it is, before it can be looked into
    const closed = `const options = process.execArgv;
      setInterval(() => {}, 1000);
      Object.defineProperty(process, "execArgv", { get: () => (setTimeout(() => process.exit(0), 5), options) });`;
    const going = ["--", process.execPath, "-e", closed];
    const pid = ["--pid", String(gone.pid)];
    for (const args of [pid, [...pid, "--inspect"], empty, going]) {
      const { code, stdout, stderr } = await run("--duration", "1000", "--report", report, ...args);
      assert.equal(code, 1, stdout + stderr);
      assert.match(stderr, /must be of a process that lives|ended by itself with 0/);
      assert.equal(await readFile(report, "utf8"), "older");
    }
  });

  test("refuses a report that cannot be written before it begins", async () => {
    await using data = await temporaryDirectory();
    const file = join(data.path, "file");
    await writeFile(file, "");
    const nowhere = process.platform === "linux" ? ["/proc/nope/report.html"] : [];
    for (const report of [join(file, "report.html"), data.path, ...nowhere]) {
      const args = ["--duration", "1000", "--report", report];
      const { code, stderr } = await run(...args, "--", process.execPath, "-e", LEAKING);
      assert.equal(code, 1, stderr);
      assert.match(stderr, /ENOTDIR|must be of a file|ENOENT/);
    }
  });

  test("tells its verdict also where the report cannot be written in the end", async () => {
    await using data = await temporaryDirectory();
    const folder = join(data.path, "reports");
    const args = ["--duration", "5", "--interval", "0.1", "--min-minutes", "0", "--json"];
    const spoil = `require("node:fs").rmSync(${JSON.stringify(folder)}, { recursive: true });
      require("node:fs").writeFileSync(${JSON.stringify(folder)}, "");`;
    const { code, stdout, stderr } = await run(
      ...args,
      "--report",
      join(folder, "report.html"),
      "--",
      process.execPath,
      "-e",
      spoil + LEAKING,
    );
    assert.equal(code, 2, stderr);
    assert.match(stdout, /^leak \(/m);
    assert.match(stderr, /ENOTDIR/);
    const { sites, reports } = lastLine(stdout) as unknown as Found;
    assert.deepEqual([sites[0]?.functionName, reports.length], ["keepUpTo", 0]);
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
