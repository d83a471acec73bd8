import { spawn } from "node:child_process";
import { once } from "node:events";
import { openSync, closeSync } from "node:fs";
import process from "node:process";
import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { NoSuchProcessError, readFileDescriptors, readProcessMemory } from "demi-health/memory";

const isLinux = process.platform === "linux";

suite("readProcessMemory()", () => {
  test("agrees with what Node says of itself", () => {
    const { rssBytes, uptimeSeconds, pssBytes, peakRssBytes, threads } = readProcessMemory(process.pid);
    const { rss } = process.memoryUsage();
    assert.ok(Math.abs(rssBytes - rss) < 0.1 * rss, `${rssBytes} against ${rss}`);
    assert.ok(
      Math.abs(uptimeSeconds! - process.uptime()) < 2,
      `${uptimeSeconds} against ${process.uptime()}`,
    );
    if (!isLinux) return;
    assert.ok(pssBytes! > 0 && pssBytes! <= rssBytes * 1.05);
    assert.ok(peakRssBytes! >= rssBytes * 0.95 && threads! >= 1);
  });

  test("adds descendants when asked", async () => {
    const inner =
      "require('child_process').spawn(process.execPath,['-e','process.stdout.write(\"up\");setInterval(()=>{},1e6)'],{stdio:['ignore','inherit','inherit']});setInterval(()=>{},1e6)";
    const child = spawn(process.execPath, ["-e", inner], { detached: true });
    await once(child.stdout, "data");
    const alone = readProcessMemory(child.pid!);
    const all = readProcessMemory(child.pid!, { includeDescendants: true });
    if (isLinux) assert.ok(all.rssBytes > alone.rssBytes + 10e6 && all.threads! > alone.threads!);
    process.kill(-child.pid!, "SIGKILL");
    await once(child, "exit");
    assert.throws(() => readProcessMemory(child.pid!), NoSuchProcessError);
  });

  test("refuses what is no process number", () => {
    for (const pid of [0, -1, 1.5, NaN]) assert.throws(() => readProcessMemory(pid), RangeError);
  });
});

suite("readFileDescriptors()", () => {
  test("counts by kind", () => {
    const before = readFileDescriptors(process.pid);
    const descriptor = openSync(process.execPath, "r");
    const after = readFileDescriptors(process.pid);
    closeSync(descriptor);
    if (isLinux) assert.equal(after!["file"]! - (before!["file"] ?? 0), 1);
    else assert.equal(after, undefined);
  });
});
