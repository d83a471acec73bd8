import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cp, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { suite, test } from "node:test";
import { fileURLToPath } from "node:url";
import assert from "node:assert/strict";
import { isProcessAlive } from "../../lib/store/lock_file.ts";
import { temporaryDirectory } from "../integration/_demo.ts";

const SCRIPT = fileURLToPath(new URL("../../examples/run_stability_test.ts", import.meta.url));
const DEMI = fileURLToPath(new URL("../../examples/demi/pocket_demi.ts", import.meta.url));

interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Started {
  readonly child: ChildProcess;
  readonly done: Promise<Run>;
  /** Resolves once standard error has it. */
  readonly says: (pattern: RegExp) => Promise<void>;
}

function begin(...args: readonly string[]): Started {
  const child = spawn(process.execPath, [SCRIPT, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const output = { stdout: "", stderr: "" };
  child.stdout.on("data", (data) => (output.stdout += String(data)));
  child.stderr.on("data", (data) => (output.stderr += String(data)));
  const done = once(child, "close").then(([code]) => ({ code: code as number | null, ...output }));
  const says = async (pattern: RegExp): Promise<void> => {
    while (!pattern.test(output.stderr)) {
      if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}: ${output.stderr}`);
      await Promise.race([once(child.stderr, "data"), done]);
    }
  };
  return { child, done, says };
}

const run = (...args: readonly string[]): Promise<Run> => begin(...args).done;

function lastLine<T = Record<string, unknown>>({ stdout }: Run): T {
  return JSON.parse(stdout.trimEnd().split("\n").at(-1)!) as T;
}

/** A directory for runs. */
async function workplace(): Promise<AsyncDisposable & { readonly path: string; readonly dir: string }> {
  const data = await temporaryDirectory();
  return { ...data, dir: join(data.path, "run") };
}

const LONG = ["--hours", "24", "--faults", "none"] as const;
const SHORT = ["--hours", "2", "--seed", "7", "--virtual"] as const;

suite("run_stability_test.ts run", { concurrency: 2, timeout: 120_000 }, () => {
  test("shows plain progress, its evidence and a result with an event hash, and ends with 3 for too little", async () => {
    await using place = await workplace();
    const report = join(place.path, "report.html");
    const ended = await run(
      "run",
      ...SHORT,
      "--faults",
      "none",
      "--dir",
      place.dir,
      "--report",
      report,
      "--json",
    );
    assert.match(ended.stderr, /^12 min.* of 2 h, about .* left; \d+ sent .* answered, 0 not/m);
    assert.match(ended.stdout, /^HEALTH-01 {2}healthy$/m);
    assert.match(ended.stdout, /^not-enough-evidence: Nothing is wrong, and too little was seen of: /m);
    const { ok, verdict, eventHash, elapsedMs } = lastLine(ended);
    assert.deepEqual([ok, verdict, elapsedMs], [false, "not-enough-evidence", 7_200_000]);
    assert.match(String(eventHash), /^[0-9a-f]{64}$/);
    assert.equal(ended.code, 3);
    assert.match(await readFile(report, "utf8"), /Stability of pocket Demi/);
    // another process has the number of one that ran here: this one
    await writeFile(
      join(place.dir, ".stability-run.lock"),
      JSON.stringify({ pid: process.pid, startedAt: "1" }),
    );
    const [status, stopped] = await Promise.all([
      run("status", "--dir", place.dir),
      run("stop", "--dir", place.dir),
    ]);
    assert.match(status.stdout, /virtual time: finished at/);
    assert.match(stopped.stderr, /got none: the last one has finished$/m);
  });

  test("a defect ends with 2, with the line that shows it again", async () => {
    await using place = await workplace();
    const file = join(place.path, "numb.ts");
    await writeFile(
      file,
      `import { PocketDemi } from ${JSON.stringify(DEMI)};
export class Numb extends PocketDemi {
  async emotions() {
    return { ...(await super.emotions()), excitement: 1.5 };
  }
}
export const numb = () => new Numb();`,
    );
    const ended = await run(
      "run",
      "--hours",
      "0.1",
      "--companion",
      `${file}#numb`,
      "--dir",
      place.dir,
      "--json",
    );
    assert.equal(ended.code, 2, ended.stderr);
    const { findings } = lastLine<{ findings: { message: string; reproduce: string }[] }>(ended);
    const found = findings.find(({ message }) => /excitement.*1\.5/.test(message));
    assert.match(
      found!.reproduce,
      /^node .* run --hours 0\.1 --companion .*numb\.ts#numb --seed 7 --until 0\.0/,
    );
    const { code, stdout } = await run("status", "--dir", place.dir);
    assert.equal(code, 2);
    assert.match(stdout, /defect: Not met: HEALTH-03/);
  });

  test("Ctrl-C leaves a checkpoint and a result; --resume needs no other option, and a former run is kept", async () => {
    await using place = await workplace();
    const { child, done, says } = begin("run", ...LONG, "--seed", "9", "--dir", place.dir, "--json");
    await says(/ of 1 d/);
    child.kill("SIGINT");
    const ended = await done;
    assert.equal(ended.code, 3, ended.stderr);
    assert.equal(lastLine(ended)["end"], "stopped");
    assert.match(ended.stdout, /run --resume --dir .* goes on/);
    const status = await run("status", "--dir", place.dir, "--json");
    assert.equal(status.code, 3);
    assert.match(
      status.stdout,
      /seed 9, virtual time: stopped at .*; resume with: node .* run --resume --dir/,
    );
    const resumed = await run("run", "--resume", "--until", "3", "--dir", place.dir, "--json");
    const { seed, resumes, elapsedMs, end } = lastLine(resumed);
    assert.deepEqual([seed, resumes, elapsedMs, end], ["9", 1, 3 * 3_600_000, "finished"], resumed.stderr);
    const again = await run("run", "--hours", "0.1", "--dir", place.dir);
    assert.match(again.stderr, /^The run that was here \(finished after 3 h\) is now in .*run\.1$/m);
    assert.ok((await stat(join(`${place.dir}.1`, "results.json"))).isFile());
  });

  test("what cannot be run is said in one sentence, and ends with 1", async () => {
    await using place = await workplace();
    const broken = join(place.path, "broken.ts");
    await writeFile(
      broken,
      `import { PocketDemi } from ${JSON.stringify(DEMI)};
export class Broken extends PocketDemi {
  async start() { throw new Error("no database here"); }
}
export default () => new Broken();`,
    );
    const wrong: readonly (readonly [readonly string[], RegExp])[] = [
      [["run", "--hours", "x"], /'--hours' must be > 0, got x/],
      [["run", "--pattern", "wild"], /'--pattern' must be one of active, casual, sporadic, stress, got wild/],
      [["run", "--virtual", "--real"], /'--virtual' and '--real' must not both be given/],
      [["start", "--dir", place.dir, "--companion", broken], /no database here/],
      [["stop", "--dir", place.path], /one must run in .*, got none: there was never one/],
      [["status", "--dir", place.path], /there must be a run in .*, got none/],
      [["compare", place.path, place.path], /must have one with a result, got no run/],
      [["fly"], /must be one of run, start, stop, status, report, compare, got fly/],
    ];
    const runs = await Promise.all(wrong.map(([args]) => run(...args)));
    for (const [index, { code, stderr }] of runs.entries()) {
      const [args, message] = wrong[index]!;
      assert.equal(code, 1, args.join(" "));
      assert.match(stderr, message);
      assert.equal(stderr.trimEnd().split("\n").length, 1, stderr);
    }
  });

  test("--help tells the options of each command, and runs nothing", async () => {
    const names = ["run", "start", "stop", "status", "report", "compare"];
    const helps = await Promise.all(names.map((name) => run(name, "--help")));
    for (const [index, { code, stdout }] of helps.entries()) {
      assert.equal(code, 0);
      assert.match(stdout, new RegExp(`^Usage: node examples/run_stability_test\\.ts ${names[index]} `));
      assert.match(stdout, /--json.*[\s\S]*^Exit code: 0 /m);
    }
    assert.match((await run("--help")).stdout, /^Usage: [\s\S]*compare {2}what changed between two runs/m);
  });
});

suite("run_stability_test.ts start, status, stop", { concurrency: 2, timeout: 120_000 }, () => {
  test("a run outlives its command, tells how far it is, is not started twice, and ends within its five seconds", async () => {
    await using place = await workplace();
    const started = await run("start", "--hours", "168", "--dir", place.dir, "--json");
    assert.equal(started.code, 0, started.stderr);
    const { pid, log } = lastLine<{ pid: number; log: string }>(started);
    await using ends = new AsyncDisposableStack();
    ends.defer(async () => {
      if (await isProcessAlive(pid)) process.kill(pid, "SIGKILL");
    });
    const [status, second, third] = await Promise.all([
      run("status", "--dir", place.dir, "--json"),
      run("start", "--dir", place.dir),
      run("run", "--dir", place.dir),
    ]);
    assert.match(
      status.stdout,
      /^(?:being set up|pocket Demi, seed 7, virtual time: running) \(process \d+\)/,
    );
    assert.deepEqual([status.code, lastLine(status)["pid"]], [0, pid]);
    for (const { code, stderr } of [second, third]) {
      assert.equal(code, 1);
      assert.match(stderr, new RegExp(`must be free, got process ${pid} running in it$`, "m"));
    }
    const stopped = await run("stop", "--dir", place.dir, "--json");
    assert.equal(stopped.code, 0, stopped.stderr);
    assert.equal(lastLine(stopped)["status"], "stopped");
    assert.equal(await isProcessAlive(pid), false);
    assert.match(await readFile(log, "utf8"), /run --resume --dir .* goes on/);
    const again = await run("stop", "--dir", place.dir);
    assert.equal(again.code, 1);
    assert.match(again.stderr, /got none: the last one has stopped$/m);
  });

  test("after a kill, status says when and how to go on, report shows what is there, and the end is the same", async () => {
    await using place = await workplace();
    const [whole, cut] = [join(place.path, "whole"), place.dir];
    const faults = join(place.path, "faults.json");
    await writeFile(faults, JSON.stringify([{ kind: "outage", target: "llm", minutes: 5, atHours: 0.5 }]));
    const choices = [...SHORT, "--faults", faults];
    const { child, done, says } = begin("run", ...choices, "--dir", cut);
    await says(/^1 h 12 min/m);
    child.kill("SIGKILL");
    await done;
    const status = await run("status", "--dir", cut, "--json");
    assert.equal(status.code, 1);
    assert.match(status.stdout, /virtual time: died at 20\d\d-.*Z; resume with: node .* run --resume --dir /);
    assert.match(status.stdout, /^\[#+\.*\] [\d.]+ % {2}.* of 2 h/m);
    assert.match(status.stdout, /^\d+ sent \([\d.]+ an hour\), \d+ answered, 0 not/m);
    const { status: told, progress } = lastLine<{ status: string; progress: { elapsedMs: number } }>(status);
    assert.equal(told, "died");
    assert.ok(progress.elapsedMs > 0);

    const reported = await run("report", "--dir", cut);
    assert.equal(reported.code, 0, reported.stderr);
    assert.match(reported.stdout, /It has no result yet \(died\): .* no leak verdict, no event hash/);
    const text = await readFile(join(cut, "report.txt"), "utf8");
    assert.match(text, /It has died; this is what its timeline tells after 1 h/);
    assert.match(text, /Whether it leaks is told at the end/);

    const [resumed, uncut] = await Promise.all([
      run("run", "--resume", "--dir", cut, "--json"),
      run("run", ...choices, "--dir", whole, "--json"),
    ]);
    const [{ eventHash, continuity, messages }, expected] = [lastLine(resumed), lastLine(uncut)];
    assert.equal(continuity, "identical");
    assert.equal(eventHash, expected["eventHash"]);
    assert.deepEqual(messages, expected["messages"]);
  });
});

suite("run_stability_test.ts compare", { timeout: 120_000 }, () => {
  test("says what changed: nothing for the same, chance for another seed, a regression for slower replies", async () => {
    await using place = await workplace();
    const at = (name: string): string => join(place.path, name);
    const observe = (name: string, ...args: readonly string[]): Promise<Run> =>
      run("run", ...SHORT, "--faults", "none", "--dir", at(name), ...args);
    await Promise.all([observe("a"), observe("b", "--seed", "8")]);
    for (const name of ["slow", "active"]) await cp(at("a"), at(name), { recursive: true });
    const plan = await readFile(at("active/run.json"), "utf8");
    await writeFile(at("active/run.json"), plan.replace('"pattern":"casual"', '"pattern":"active"'));
    const timeline = await readFile(at("slow/timeline.ndjson"), "utf8");
    const slower = timeline.replaceAll(/"latencyMs":(\d+)/g, (_, ms) => `"latencyMs":${2 * Number(ms)}`);
    await writeFile(at("slow/timeline.ndjson"), slower);
    const [same, other, regression, refused] = await Promise.all([
      run("compare", at("a"), at("a")),
      run("compare", at("a"), at("b"), "--all", "--json"),
      run("compare", at("a"), at("slow"), "--json"),
      run("compare", at("a"), at("active")),
    ]);
    assert.deepEqual([same.code, other.code, regression.code, refused.code], [0, 0, 2, 1], other.stdout);
    assert.match(same.stdout, /^no-regression: Both went the same way to the last event\. Nothing is worse/m);
    assert.match(other.stdout, /^(?:same|unclear) +p50 of replies: .* → .* \([+−].* to \+.*\)$/m);
    assert.match(regression.stdout, /^worse +p50 of replies: \d+ ms → 1\.\d s, \+/m);
    assert.equal(lastLine(regression)["outcome"], "regression");
    assert.match(refused.stderr, /their load must be the same, got .*casual.* and .*active/);
  });
});
