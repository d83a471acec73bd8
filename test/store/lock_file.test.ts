import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { acquireLock, findLockHolder, isProcessAlive } from "../../lib/store/lock_file.ts";
import { temporaryDirectory } from "../integration/_demo.ts";

function ask(what: "stat" | "comm", pid: number): string {
  return execFileSync("ps", ["-o", `${what}=`, "-p", String(pid)], { encoding: "utf8" }).trim();
}

suite("findLockHolder()", () => {
  test("names who holds the lock, and nobody once it is given back", async () => {
    await using data = await temporaryDirectory();
    const path = join(data.path, "run");
    assert.equal(await findLockHolder(path), undefined);
    {
      await using _lock = await acquireLock(path);
      assert.equal(await findLockHolder(path), process.pid);
    }
    assert.equal(await findLockHolder(path), undefined);
  });

  test("takes no other process for one that was there before with its number", async () => {
    await using data = await temporaryDirectory();
    const path = join(data.path, "run");
    const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000); console.log(1)"]);
    await once(child.stdout, "data");
    await writeFile(`${path}.lock`, JSON.stringify({ pid: child.pid, startedAt: "1" }));
    assert.equal(await findLockHolder(path), undefined);
    await writeFile(`${path}.lock`, JSON.stringify({ pid: child.pid }));
    assert.equal(await findLockHolder(path), child.pid);
    child.kill("SIGKILL");
    await once(child, "exit");
    assert.equal(await findLockHolder(path), undefined);
  });

  test("one that was killed and that nobody waits for holds nothing", async () => {
    await using data = await temporaryDirectory();
    const path = join(data.path, "run");
    const parent = spawn("sh", ["-c", "sleep 1000 & echo $!; exec sleep 1000"]);
    await using ends = new AsyncDisposableStack();
    ends.defer(async () => {
      const ended = once(parent, "exit");
      parent.kill("SIGKILL");
      await ended;
    });
    const [line] = (await once(parent.stdout, "data")) as [Buffer];
    while (ask("comm", parent.pid!) !== "sleep"); // a shell would wait for its child
    const pid = Number(String(line));
    await writeFile(`${path}.lock`, JSON.stringify({ pid }));
    assert.equal(await findLockHolder(path), pid);
    process.kill(pid, "SIGKILL");
    while (!ask("stat", pid).startsWith("Z"));
    assert.equal(await findLockHolder(path), undefined);
    assert.deepEqual([await isProcessAlive(pid), await isProcessAlive(parent.pid!)], [false, true]);
    await using _lock = await acquireLock(path); // and it is taken over
  });

  test("a half-written file names nobody", async () => {
    await using data = await temporaryDirectory();
    await writeFile(join(data.path, "run.lock"), '{"pid":');
    assert.equal(await findLockHolder(join(data.path, "run")), undefined);
  });
});
