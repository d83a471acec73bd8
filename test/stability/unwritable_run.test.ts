import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { promisify } from "node:util";
import { LongRunningStabilityTest, RunDirectoryError, type StabilityProgress } from "demi-health/stability";
import { pocketDemi } from "../../examples/demi/pocket_demi.ts";
import { readTimeline } from "../../lib/stability/_timeline.ts";
import { temporaryDirectory } from "./_runs.ts";

const TIMELINE = new URL("../../lib/stability/_timeline.ts", import.meta.url).href;
const RUN = { companion: pocketDemi, durationHours: 2.5, seed: 3 } as const;

suite("a run whose directory cannot be written to", () => {
  test(
    "what its timeline could not hold on a full disk is written once there is room",
    { skip: !existsSync("/usr/bin/prlimit") && "prlimit gives the room back" },
    async () => {
      await using directory = await temporaryDirectory();
      const path = join(directory.path, "timeline.ndjson");
      // the shell's limit stands for a full disk: 20 blocks of 512 or 1024 bytes
      const script = `
        import { execFileSync } from "node:child_process";
        const { Timeline } = await import(${JSON.stringify(TIMELINE)});
        const timeline = await Timeline.open(${JSON.stringify(path)}, 0);
        const sync = () => timeline.sync().then(() => "synced", ({ code }) => code);
        for (let atMs = 0; atMs < 500; atMs++) timeline.add({ kind: "look", atMs, text: "x".repeat(100) });
        const first = await sync();
        timeline.add({ kind: "look", atMs: 500 });
        const second = await sync();
        execFileSync("prlimit", ["--pid", String(process.pid), "--fsize=unlimited"]);
        console.log(first, second, await sync(), timeline.bytes, timeline.lost);
      `;
      const command = `ulimit -S -f 20; exec "$0" --input-type=module -e "$1"`;
      const { stdout } = await promisify(execFile)("sh", ["-c", command, process.execPath, script], {
        env: { ...process.env, NODE_V8_COVERAGE: "" },
      });
      assert.match(stdout, /^(EFBIG|ENOSPC) \1 synced \d+ 0$/m);
      const times = (await Array.fromAsync(readTimeline(path))).map(({ atMs }) => atMs);
      assert.deepEqual(
        times,
        Array.from({ length: 501 }, (_, i) => i),
      );
    },
  );

  test("says that no checkpoint can be saved, and why, as soon as it is so", async () => {
    await using directory = await temporaryDirectory();
    const told: StabilityProgress[] = [];
    await using run = new LongRunningStabilityTest({
      ...RUN,
      directory: directory.path,
      onProgress: (progress) => told.push(progress),
    });
    await run.setup();
    await writeFile(join(directory.path, "checkpoints"), "");
    await run.run();
    const first = told.find(({ unsaved }) => unsaved !== undefined);
    assert.match(first?.unsaved ?? "", /^(?:ENOTDIR|EEXIST)/);
    assert.ok(first!.elapsedMs < 1.5 * 3_600_000, String(first!.elapsedMs));
  });

  test("tells its results where they cannot be kept", async () => {
    await using directory = await temporaryDirectory();
    await using run = new LongRunningStabilityTest({ ...RUN, durationHours: 0.2, directory: directory.path });
    await run.setup();
    await mkdir(join(directory.path, "results.json"));
    const error = await run.run().catch((thrown: unknown) => thrown);
    assert.ok(error instanceof RunDirectoryError, String(error));
    assert.match(error.message, /^Cannot write results: \S+ must be writable, got EISDIR/);
    assert.equal(error.results?.elapsedMs, 0.2 * 3_600_000);
  });
});
