import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { suite, test } from "node:test";
import { fileURLToPath } from "node:url";
import assert from "node:assert/strict";
import { SeededRandom } from "../../lib/base/random.ts";
import type { StabilityResults } from "../../lib/stability/stability_results.ts";
import { temporaryDirectory } from "./_runs.ts";

const SCRIPT = fileURLToPath(new URL("_stability_process.ts", import.meta.url));
const HOUR_MS = 3_600_000;

/** Runs until its end, or until it is killed at that time of its own. @returns Whether it came to its end. */
async function runProcess(directory: string, mode: "new" | "resume", killAtMs = Infinity): Promise<boolean> {
  const child = spawn(process.execPath, [SCRIPT, directory, mode], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "exit");
  createInterface({ input: child.stdout }).on("line", (line) => {
    if (Number(line) >= killAtMs) child.kill("SIGKILL");
  });
  const [code, signal] = (await ended) as [number | null, string | null];
  assert.ok(code === 0 || signal === "SIGKILL", `exit code ${code}, signal ${signal}`);
  return code === 0;
}

async function readResults(directory: string): Promise<StabilityResults> {
  return JSON.parse(await readFile(join(directory, "results.json"), "utf8")) as StabilityResults;
}

suite("a run that is killed", () => {
  test("at seeded moments goes on to the end that it would have had, with an hour redone at most", async () => {
    await using whole = await temporaryDirectory();
    await using cut = await temporaryDirectory();
    assert.ok(await runProcess(whole.path, "new"));
    const expected = await readResults(whole.path);
    const random = new SeededRandom("kills");
    let kills = 0;
    for (let atMs = 0, mode: "new" | "resume" = "new"; atMs < expected.plannedMs; mode = "resume") {
      atMs += random.next() * 3 * HOUR_MS;
      if (!(await runProcess(cut.path, mode, atMs))) kills++;
    }
    assert.ok(kills >= 3, `${kills} kills`);
    await runProcess(cut.path, "resume");
    const results = await readResults(cut.path);
    assert.equal(results.continuity, "identical");
    assert.deepEqual(
      [results.eventHash, results.events, results.messages, results.platforms],
      [expected.eventHash, expected.events, expected.messages, expected.platforms],
    );
    const lines = (await readFile(join(cut.path, "timeline.ndjson"), "utf8")).trim().split("\n");
    const resumed = lines
      .map((line) => JSON.parse(line) as { kind: string })
      .filter(({ kind }) => kind === "resumed");
    assert.ok(resumed.length >= 1);
  });

  test("with its newest checkpoint broken goes on from the one before, and says so", async () => {
    await using at = await temporaryDirectory();
    await runProcess(at.path, "new", 5.2 * HOUR_MS);
    const checkpoints = join(at.path, "checkpoints");
    const newest = (await readdir(checkpoints))
      .filter((name) => name.endsWith(".json"))
      .sort()
      .at(-1)!;
    const bytes = await readFile(join(checkpoints, newest));
    bytes[bytes.length >> 1]! ^= 4;
    await writeFile(join(checkpoints, newest), bytes);
    assert.ok(await runProcess(at.path, "resume"));
    const { brokenCheckpoints, end } = await readResults(at.path);
    assert.equal(end, "finished");
    assert.match(brokenCheckpoints.join(), /Checkpoint \d+ could not be used: its checksum does not fit/);
  });
});
