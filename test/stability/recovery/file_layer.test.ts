import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { execFile, type ExecFileException } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { systemClock } from "../../../lib/base/system_clock.ts";
import { SeededRandom } from "../../../lib/base/random.ts";
import { differingFiles, readTree } from "../../../lib/stability/recovery/_file_tree.ts";
import { FileLayer, FileLayerError, type WatchedFiles } from "../../../lib/stability/recovery/file_layer.ts";
import { diskAfterPowerLoss, type FileTree } from "../../../lib/stability/recovery/power_loss.ts";

const NOTHING: FileTree = { files: new Map(), directories: new Set() };
const IMPORTS = `import * as fs from "node:fs"; import { DatabaseSync } from "node:sqlite"; process.chdir(process.argv[1]);`;

/** A directory with the layer before it, and a Node that runs a script there. */
async function watched(): Promise<
  AsyncDisposable & {
    readonly directory: string;
    readonly files: WatchedFiles;
    run(script: string): Promise<{ readonly stdout: string; readonly signal?: string }>;
  }
> {
  await using ends = new AsyncDisposableStack();
  const layer = ends.use(await FileLayer.build());
  const directory = await mkdtemp(join(tmpdir(), "demi-layer-test-"));
  ends.defer(() => rm(directory, { recursive: true, force: true }));
  const files = ends.use(await layer.watch(directory));
  const kept = ends.move();
  return {
    directory,
    files,
    async run(script) {
      const args = ["--input-type=module", "-e", IMPORTS + script, directory];
      const env = { ...process.env, ...files.settings.variables };
      try {
        return await promisify(execFile)(process.execPath, args, { env, timeout: 20_000 });
      } catch (error) {
        const { stdout = "", signal } = error as ExecFileException;
        if (signal) return { stdout: String(stdout), signal };
        throw error;
      }
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

async function assertSeenAll({ files, directory }: Awaited<ReturnType<typeof watched>>): Promise<void> {
  const operations = await files.readOperations();
  assert.ok(operations.length > 0);
  const replayed = diskAfterPowerLoss(NOTHING, operations, "everything", new SeededRandom(1));
  assert.deepEqual(differingFiles(replayed, await readTree(directory)), []);
}

if (process.platform === "linux") {
  suite("FileLayer", { concurrency: 2 }, () => {
    test("sees all that a process does to its files: played again, it gives the same", async () => {
      await using place = await watched();
      await place.run(`
        fs.writeFileSync("a", "one"); fs.appendFileSync("a", " two"); fs.truncateSync("a", 5); fs.renameSync("a", "b");
        fs.mkdirSync("d/e", { recursive: true }); fs.cpSync("b", "d/e/c"); fs.linkSync("b", "d/link"); fs.renameSync("d", "f");
        const file = fs.openSync("g", "w+"); fs.writeSync(file, "gap", 10_000); fs.writevSync(file, [Buffer.from("x"), Buffer.from("y")], 3);
        fs.ftruncateSync(file, 9000); fs.fsyncSync(file); fs.closeSync(file); fs.rmSync("f/link"); fs.writeFileSync("b", "again");
        await fs.promises.writeFile("async", "later"); await fs.promises.appendFile("async", "!");
        const stream = fs.createWriteStream("stream"); stream.write("one"); stream.end("two");`);
      await assertSeenAll(place);
    });

    test("sees what SQLite writes, which is not written by node:fs", async () => {
      await using place = await watched();
      await place.run(`const db = new DatabaseSync("db");
        db.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE t (a)");
        for (let i = 0; i < 50; i++) db.exec("INSERT INTO t VALUES (randomblob(500))");
        process.kill(process.pid, "SIGKILL");`);
      await assertSeenAll(place);
      const kinds = (await place.files.readOperations()).map(({ kind }) => kind);
      assert.ok(kinds.filter((kind) => kind === "sync").length >= 50);
    });

    test("leaves what lies elsewhere alone", async () => {
      await using place = await watched();
      await using other = await watched();
      await place.run(`fs.writeFileSync(${JSON.stringify(join(other.directory, "x"))}, "elsewhere");`);
      assert.deepEqual(await place.files.readOperations(), []);
      assert.deepEqual([...(await readTree(other.directory)).files.keys()], ["/x"]);
    });

    test("ends the process right before its n-th operation", async () => {
      await using place = await watched();
      place.files.killAt(3); // create, write, create
      const { signal } = await place.run(`fs.writeFileSync("a", "A"); fs.writeFileSync("b", "B");`);
      assert.equal(signal, "SIGKILL");
      assert.ok(place.files.hasKilled);
      assert.deepEqual([...(await readTree(place.directory)).files.keys()], ["/a"]);
    });

    test("a full disk refuses what grows, and takes what does not", async () => {
      await using place = await watched();
      await place.run(`fs.writeFileSync("a", "12345678");`);
      place.files.isFull = true;
      const { stdout } = await place.run(`
        const attempt = (what) => { try { what(); return "ok"; } catch ({ code }) { return code; } };
        console.log(attempt(() => fs.appendFileSync("a", "9")), attempt(() => fs.writeFileSync("b", "")), attempt(() => fs.mkdirSync("d")),
          attempt(() => fs.writeSync(fs.openSync("a", "r+"), "abcd", 0)), attempt(() => fs.rmSync("a")));`);
      assert.equal(stdout.trim(), "ENOSPC ENOSPC ENOSPC ok ok");
      assert.equal(place.files.refused, 3);
      await assertSeenAll(place);
    });

    test("sets the wall clock of the process, and no other", async () => {
      await using place = await watched();
      const offsetMs = -5 * 86_400_000;
      place.files.clockOffsetMs = offsetMs;
      const { stdout } = await place.run(`console.log(Date.now());`);
      const apart = Number(stdout) - systemClock.now();
      assert.ok(Math.abs(apart - offsetMs) < 60_000, String(apart));
    });
  });
} else {
  test("FileLayer says that it needs Linux", () => assert.rejects(FileLayer.build(), FileLayerError));
}
