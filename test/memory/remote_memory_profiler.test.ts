import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import process from "node:process";
import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { VirtualClock } from "demi-health/base";
import { InspectedProcess, RemoteMemoryProfiler } from "demi-health/memory";

const PROGRAM = `
const held = [];
function keepEach() { for (let i = 0; i < 2000; i++) held.push({ text: "message " + held.length }); }
process.stdin.on("data", () => { keepEach(); process.stdout.write("kept"); });
process.stdout.write("up");
`;

const COUNTS_SIGNALS = `
globalThis.signals = 0;
process.on("SIGUSR1", () => signals++);
process.stdin.on("data", () => process.stdout.write(String(signals), () => process.exit()));
process.stdout.write("up");
`;

interface Started extends AsyncDisposable {
  readonly child: ChildProcessWithoutNullStreams;
  readonly grow: () => Promise<void>;
}

async function start(...args: readonly string[]): Promise<Started> {
  const child = spawn(process.execPath, [...args, "-e", PROGRAM]);
  await once(child.stdout, "data");
  return {
    child,
    grow: async () => {
      child.stdin.write("x");
      await once(child.stdout, "data");
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGKILL");
      await once(child, "exit");
    },
  };
}

/** Address that a process started with `--inspect` writes, which may come in pieces. */
async function inspectorUrl(child: ChildProcessWithoutNullStreams): Promise<string> {
  for (let text = ""; ;) {
    const [chunk] = (await once(child.stderr, "data")) as [Buffer];
    text += String(chunk);
    const url = /(ws:\S+)\n/.exec(text)?.[1];
    if (url !== undefined) return url;
  }
}

const byNumber = process.platform === "linux" ? {} : { skip: "only Linux tells on which port it listens" };

suite("RemoteMemoryProfiler", () => {
  test("finds what leaks in another process, by its number, and lets go of it", byNumber, async () => {
    await using started = await start("--inspect-port=0");
    const clock = new VirtualClock();
    {
      await using profiler = await RemoteMemoryProfiler.attach(
        { pid: started.child.pid! },
        { clock, collectGarbage: true, samplingIntervalBytes: 8192 },
      );
      for (let minute = 0; minute < 150; minute++) {
        await profiler.sample();
        await started.grow();
        await clock.advance(60_000);
      }
      const { verdict, decidedBy } = profiler.verdict();
      assert.deepEqual([verdict, decidedBy], ["leak", "postGc"]);
      const [site] = await profiler.findSites();
      assert.deepEqual([site?.functionName, site?.line], ["keepEach", 3]);
      assert.ok(site!.share > 0.9);
      const { title, verdict: answer } = await profiler.report();
      assert.equal(title, `Memory of process ${started.child.pid}`);
      assert.match(answer!.text, /keepEach/);
    }
    // its inspector is closed again, and opens for the next who asks
    await using again = await InspectedProcess.attach({ pid: started.child.pid! });
    assert.equal(await again.evaluate("1 + 1"), 2);
    const traces =
      "Object.getOwnPropertySymbols(globalThis).map(String).filter((name) => name.includes('demi'))";
    assert.deepEqual(await again.evaluate(`${traces}`), ["Symbol(demi-health.inspector)"]);
  });

  test("leaves a process to another profiler that is attached, in either order", byNumber, async () => {
    await using started = await start("--inspect-port=0");
    const pid = started.child.pid!;
    const options = { clock: new VirtualClock(), collectGarbage: true, samplingIntervalBytes: 8192 };
    const first = await RemoteMemoryProfiler.attach({ pid }, options);
    const second = await RemoteMemoryProfiler.attach({ pid }, options);
    await first.sample();
    await second.sample();
    await first[Symbol.asyncDispose]();
    const sample = await second.sample();
    assert.ok(sample.postGcBytes! > 1e6);
    await second.findSites(); // its sampling was the other's: it is begun anew
    assert.match(second.unsupported.join(), /begun anew/);
    await started.grow();
    assert.equal((await second.findSites())[0]?.functionName, "keepEach");
    const third = await RemoteMemoryProfiler.attach({ pid }, options);
    await second[Symbol.asyncDispose]();
    await third.sample();
    await third[Symbol.asyncDispose]();
    // and the last one closed what the first had opened
    const sockets = new Set(
      readdirSync(`/proc/${pid}/fd`).map((name) => readlinkSync(`/proc/${pid}/fd/${name}`)),
    );
    const listening = readFileSync(`/proc/${pid}/net/tcp`, "utf8")
      .split("\n")
      .map((line) => line.trim().split(/\s+/))
      .filter(([, , , state, , , , , , inode]) => state === "0A" && sockets.has(`socket:[${inode}]`));
    assert.deepEqual(listening, []);
  });

  test("comes and goes again and again, and the process lives on", byNumber, async () => {
    await using started = await start("--inspect-port=0");
    for (let i = 0; i < 30; i++) {
      await using inspected = await InspectedProcess.attach({ pid: started.child.pid! });
      await inspected.startSampling(8192);
      await inspected.collectGarbage();
    }
    await started.grow();
    assert.deepEqual([started.child.exitCode, started.child.signalCode], [null, null]);
  });

  test("leaves a profiler within the process as it was", byNumber, async () => {
    const program = `
      const { MemoryProfiler } = await import(${JSON.stringify(new URL("../../lib/memory/mod.ts", import.meta.url).href)});
      const failures = [];
      const onError = (error) => failures.push(error.message);
      const profiler = new MemoryProfiler({ intervalMs: 60_000, samplingIntervalBytes: 8192, onError });
      profiler.start();
      process.stdin.on("data", () => {
        profiler.takeSnapshot("after");
        profiler.stop();
        process.stdout.write(JSON.stringify({ failures, isRunning: profiler.isRunning }), () => process.exit());
      });
      process.stdout.write("up");
    `;
    const child = spawn(process.execPath, ["--input-type=module", "-e", program]);
    await once(child.stdout, "data");
    const remote = await RemoteMemoryProfiler.attach({ pid: child.pid! });
    await remote.sample();
    await remote[Symbol.asyncDispose]();
    child.stdin.write("end");
    const [text = ""] = (await once(child.stdout, "data")) as [Buffer];
    assert.deepEqual(JSON.parse(String(text)), { failures: [], isRunning: false });
    await once(child, "exit");
  });

  test("tells when the process ended, and keeps what it knew", byNumber, async () => {
    await using started = await start("--inspect-port=0");
    await using profiler = await RemoteMemoryProfiler.attach({ pid: started.child.pid! });
    await profiler.takeSnapshot("first");
    started.child.kill("SIGKILL");
    await once(started.child, "exit");
    await assert.rejects(profiler.sample(), { name: "InspectorError" });
    assert.equal((await profiler.report()).title, `Memory of process ${started.child.pid}`);
    assert.equal(profiler.snapshots[0]?.label, "first");
  });

  test("keeps no process from ending, also one that it met when it was just starting", async () => {
    for (let i = 0; i < 10; i++) {
      const program = "process.stdin.once('data', () => process.exit(7))";
      const child = spawn(process.execPath, ["--inspect=0", "-e", program]);
      const ended = once(child, "exit");
      try {
        await using profiler = await RemoteMemoryProfiler.attach({ url: await inspectorUrl(child) });
        await profiler.sample();
        child.stdin.write("end");
        assert.equal((await ended)[0], 7);
        await assert.rejects(profiler.sample(), { name: "InspectorError" });
      } finally {
        child.kill("SIGKILL");
        await ended;
      }
    }
  });

  test("signals no process that would end by it", byNumber, async () => {
    const child = spawn("sleep", ["1000"]);
    await once(child, "spawn");
    await assert.rejects(InspectedProcess.attach({ pid: child.pid! }), /must be of Node, got one of sleep/);
    assert.equal(child.exitCode ?? child.signalCode, null);
    child.kill("SIGKILL");
    await once(child, "exit");
    await assert.rejects(InspectedProcess.attach({ pid: child.pid! }), { name: "NoSuchProcessError" });
  });

  test("signals no process that catches the signal and is not Node", byNumber, async () => {
    const child = spawn("sh", ["-c", "trap 'echo signalled' USR1; echo up; read line; echo over"]);
    await once(child.stdout, "data");
    await assert.rejects(InspectedProcess.attach({ pid: child.pid! }), /must be of Node, got one of \w+/);
    let text = "";
    child.stdout.on("data", (data) => (text += String(data)));
    child.stdin.end("go on\n");
    await once(child, "close");
    assert.equal(text, "over\n");
  });

  test(
    "signals a Node program that handles SIGUSR1 itself twice at most, and says so",
    byNumber,
    async () => {
      const child = spawn(process.execPath, ["-e", COUNTS_SIGNALS]);
      await once(child.stdout, "data");
      await assert.rejects(InspectedProcess.attach({ pid: child.pid! }), /may handle SIGUSR1 itself/);
      child.stdin.write("how many?");
      const [count] = (await once(child.stdout, "data")) as [Buffer];
      assert.match(String(count), /^[12]$/);
      await once(child, "exit");
    },
  );

  test("signals nobody whose inspector is open", byNumber, async () => {
    const child = spawn(process.execPath, ["--inspect=0", "-e", COUNTS_SIGNALS]);
    await once(child.stdout, "data");
    {
      await using inspected = await InspectedProcess.attach({ pid: child.pid! });
      assert.equal(await inspected.evaluate("signals"), 0);
    }
    child.kill("SIGKILL");
    await once(child, "exit");
  });

  test("says what an expression threw, and what is no inspector", async () => {
    await using started = await start("--inspect=0");
    const { host } = new URL(await inspectorUrl(started.child));
    await using inspected = await InspectedProcess.attach({ url: `http://${host}` });
    await assert.rejects(inspected.evaluate("nothing.there"), { name: "InspectorError" });
    await assert.rejects(
      InspectedProcess.attach({ url: "http://127.0.0.1:1" }),
      /'url' must be of an inspector/,
    );
    await assert.rejects(InspectedProcess.attach({ url: "ws://127.0.0.1:1" }), { name: "InspectorError" });
  });
});
