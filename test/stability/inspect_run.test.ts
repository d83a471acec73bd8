import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { inspectRun, LongRunningStabilityTest } from "demi-health/stability";
import { acquireLock } from "../../lib/store/lock_file.ts";
import { pocketDemi } from "../../examples/demi/pocket_demi.ts";
import { runOnce, temporaryDirectory } from "./_runs.ts";

const RUN = { companion: pocketDemi, durationHours: 0.2, seed: 3 } as const;

suite("inspectRun()", () => {
  test("a run that is over is known by its results where what it told last is damaged", async () => {
    await using directory = await temporaryDirectory();
    const { path } = directory;
    assert.equal((await inspectRun(path)).status, "nothing");
    const { eventHash } = await runOnce({ ...RUN, directory: path });
    assert.deepEqual((await inspectRun(path)).damaged, []);
    await writeFile(join(path, "progress.json"), "garbage");
    const record = await inspectRun(path);
    assert.deepEqual(
      [record.status, record.results?.eventHash, record.damaged],
      ["finished", eventHash, ["progress.json"]],
    );
  });

  test("a run being set up in a directory within it is none of its own, whatever that is called", async () => {
    await using directory = await temporaryDirectory();
    for (const name of ["run", "progress.json", ".stability"]) {
      await using _lock = await acquireLock(join(directory.path, name));
      assert.equal((await inspectRun(directory.path)).status, "nothing");
    }
  });

  test("a run whose files are all damaged is one all the same, and says which", async () => {
    await using directory = await temporaryDirectory();
    const { path } = directory;
    await runOnce({ ...RUN, directory: path });
    const names = ["run.json", "progress.json", "results.json"];
    for (const name of names) await writeFile(join(path, name), `{"a`);
    const { status, results, damaged } = await inspectRun(path);
    assert.deepEqual([status, results, damaged], ["died", undefined, names]);
    await using test = new LongRunningStabilityTest({ ...RUN, directory: path, resume: true });
    await assert.rejects(test.setup(), {
      name: "RunDirectoryError",
      message: /run\.json must say what the run is, got 3 characters that are damaged/,
    });
  });

  test("platforms as a list are refused with what is wanted", () => {
    const platforms = ["discord"] as unknown as { discord: number };
    assert.throws(() => new LongRunningStabilityTest({ ...RUN, platforms }), {
      name: "TypeError",
      message: /'platforms' must be weights by name, such as \{ discord: 1 \}, got \["discord"\]/,
    });
  });
});
