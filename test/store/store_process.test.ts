import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { suite, test } from "node:test";
import { promisify } from "node:util";
import assert from "node:assert/strict";
import { SeededRandom } from "../../lib/base/random.ts";
import { MetricsStore } from "../../lib/store/metrics_store.ts";
import { killStores } from "./_store_kills.ts";
import { temporaryFolder } from "./_temporary_folder.ts";

const STORE = new URL("../../lib/store/metrics_store.ts", import.meta.url).href;
const IMPORT = `import { MetricsStore } from ${JSON.stringify(STORE)};`;

function start(script: string): ChildProcess {
  const args = ["--input-type=module", "-e", IMPORT + script];
  return spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
}

// Counts up, and prints each number when the file has it; saves at its interval, too, so that a kill meets both.
const writer = (path: string): string => `
  const store = await MetricsStore.open({ path: ${JSON.stringify(path)}, saveIntervalMs: 3 });
  let n = store.last("n")?.[1] ?? 0;
  const filler = Object.fromEntries(Array.from({ length: 200 }, (_, i) => ["filler_" + i, i / 7]));
  const begin = Date.now() - 1_000_000;
  for (;;) {
    n++;
    store.append(begin + n, { n, ...filler });
    await store.save();
    console.log(n);
  }
`;

suite("MetricsStore processes", () => {
  test("a kill at any moment costs nothing that was saved, and damages nothing", async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "metrics.db");
    const random = new SeededRandom(7);
    let saved = 0;
    for (let round = 0; round < 8; round++) {
      const child = start(writer(path));
      const killAt = saved + random.integer(1, 25);
      for await (const line of createInterface({ input: child.stdout! })) {
        saved = Number(line);
        if (saved < killAt || child.killed) continue;
        // after a few turns of the loop, so as to meet a save anywhere in its middle
        setTimeout(() => child.kill("SIGKILL"), random.next() * 5);
      }
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
      assert.equal(child.signalCode, "SIGKILL");
      assert.ok(saved >= killAt);
      const store = await MetricsStore.open({ path });
      assert.ok((store.last("n")?.[1] ?? 0) >= saved, `${store.last("n")?.[1]} of ${saved}`);
      await store.close();
      assert.deepEqual(await readdir(folder.path), ["metrics.db"]);
    }
  });

  test("fifty kills under load cost nothing that flush() acknowledged, and damage nothing", async () => {
    await using folder = await temporaryFolder();
    const { acknowledged, lost } = await killStores(join(folder.path, "metrics.db"), 50, 1);
    assert.deepEqual(lost, []);
    assert.ok(acknowledged >= 50 * 3, String(acknowledged));
    assert.deepEqual(await readdir(folder.path), ["metrics.db"]);
  });

  test("a second writer is refused while the first one lives", async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "metrics.db");
    const child = start(writer(path));
    const exited = once(child, "exit");
    await once(child.stdout!, "data");
    await assert.rejects(MetricsStore.open({ path }), {
      name: "StoreLockedError",
      pid: child.pid,
      message: `Cannot open metrics store: ${path} must have one writer, and process ${child.pid} has it open`,
    });
    child.kill("SIGKILL");
    await exited;
    await using store = await MetricsStore.open({ path });
    await assert.rejects(MetricsStore.open({ path }), { name: "StoreLockedError", pid: process.pid });
    assert.equal(store.path, path);
  });

  for (const [what, lock] of [
    ["of a process that is gone", JSON.stringify({ pid: 2 ** 22 + 1 })],
    ["of an earlier process with our number", JSON.stringify({ pid: process.pid, startedAt: "1" })],
    [
      "of an earlier process with a living one's number",
      JSON.stringify({ pid: process.ppid, startedAt: "1" }),
    ],
    ["that was half written", '{"pid":'],
  ] as const) {
    test(
      `a lock ${what} is taken over`,
      { skip: process.platform !== "linux" && lock.includes("startedAt") },
      async () => {
        await using folder = await temporaryFolder();
        const path = join(folder.path, "metrics.db");
        await writeFile(`${path}.lock`, lock);
        await using store = await MetricsStore.open({ path });
        assert.equal(JSON.parse(await readFile(`${store.path}.lock`, "utf8")).pid, process.pid);
        assert.deepEqual(await readdir(folder.path), ["metrics.db.lock"]);
      },
    );
  }

  test("of several that open at once, one gets it", async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "metrics.db");
    await writeFile(`${path}.lock`, JSON.stringify({ pid: 2 ** 22 + 1 }));
    const script = `
      try {
        await MetricsStore.open({ path: ${JSON.stringify(path)} });
        console.log("open");
        setInterval(() => {}, 1000);
      } catch (error) {
        console.log(error.name);
      }`;
    const children = Array.from({ length: 4 }, () => start(script));
    const exits = children.map((child) => once(child, "exit"));
    const outcomes = await Promise.all(
      children.map(async (child) => String(await once(child.stdout!, "data")).trim()),
    );
    for (const child of children) child.kill("SIGKILL");
    await Promise.all(exits);
    assert.deepEqual(outcomes.sort(), ["StoreLockedError", "StoreLockedError", "StoreLockedError", "open"]);
  });

  test("a file that may grow no further keeps what it has, and the host is told", async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "metrics.db");
    // the shell's limit stands for a full disk: 100 blocks of 512 or 1024 bytes
    const script = `${IMPORT}
      const store = await MetricsStore.open({ path: ${JSON.stringify(path)}, saveIntervalMs: 1e6, onError: () => {} });
      store.append(Date.now() - 50_000, { n: 1 });
      await store.save();
      for (let i = 0; i < 9000; i++) store.append(Date.now() - 40_000 + i, { n: i / 7 });
      await store.save().catch((error) => console.log(error.code));
      process.exit();
    `;
    const command = `ulimit -f 100; exec "$0" --input-type=module -e "$1"`;
    const { stdout } = await promisify(execFile)("sh", ["-c", command, process.execPath, script]);
    assert.match(stdout, /^(EFBIG|ENOSPC)$/m);
    assert.deepEqual((await readdir(folder.path)).sort(), ["metrics.db", "metrics.db.lock"]);
    await using store = await MetricsStore.open({ path });
    assert.deepEqual(store.last("n")?.[1], 1);
  });

  test("a folder without the right to write is refused in one sentence", async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "metrics.db");
    await chmod(folder.path, 0o555);
    const script = `
      if (process.getuid() === 0) process.setuid(65534); // the superuser may write anywhere
      await MetricsStore.open({ path: ${JSON.stringify(path)} }).catch((error) => console.log(error.name + ": " + error.message));
    `;
    const child = start(script);
    const output = (await child.stdout!.toArray()).join("");
    await chmod(folder.path, 0o755);
    assert.match(
      output,
      /^StoreUnwritableError: Cannot open metrics store: \S+ must be a file in a writable folder, got EACCES: [^\n]+\n$/,
    );
  });
});
