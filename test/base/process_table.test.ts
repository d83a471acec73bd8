import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { familyOf, parseProcessTable } from "../../lib/base/_process_table.ts";

// as macOS prints it: `ps -A -o pid=,ppid=,rss=,etime=`
const TABLE = `    1     0  14592 09-03:14:55
  501     1 104960    02:10:00
  610   501   2048       10:05
  611   610   4096       00:59
  700     1   8192    02:10:00
  502   501      0       00:01
`;

suite("parseProcessTable()", () => {
  test("reads sizes in kilobytes and all forms of elapsed time", () => {
    const rows = parseProcessTable(TABLE);
    assert.deepEqual(rows.get(501), { pid: 501, parent: 1, rssBytes: 104_960 * 1024, uptimeSeconds: 7800 });
    const seconds = [1, 501, 610, 611].map((pid) => rows.get(pid)?.uptimeSeconds);
    assert.deepEqual(seconds, [789_295, 7800, 605, 59]);
  });

  test("passes over what is no row, and an elapsed time that it does not know", () => {
    assert.deepEqual([...parseProcessTable("PID PPID RSS ELAPSED\n\n 7 1 - 00:01\n").keys()], []);
    assert.equal(parseProcessTable("7 1 10 soon").get(7)?.uptimeSeconds, undefined);
  });

  test("reads what the ps of this machine prints", async () => {
    const since = performance.now();
    const child = spawn("sleep", ["60"], { stdio: "ignore" });
    const ended = once(child, "exit");
    try {
      const ps = spawnSync("ps", ["-A", "-o", "pid=,ppid=,rss=,etime="], { encoding: "utf8" });
      if (ps.error) return; // small images of Linux have none
      const rows = parseProcessTable(ps.stdout);
      const own = rows.get(process.pid);
      assert.equal(own?.parent, process.ppid);
      const { rss } = process.memoryUsage();
      assert.ok(Math.abs(own.rssBytes - rss) < 0.2 * rss, `${own.rssBytes} against ${rss}`);
      // `process.uptime()` may begin later than the process: Deno gives each test file a worker of its own
      assert.ok(
        own.uptimeSeconds! > process.uptime() - 2,
        `${own.uptimeSeconds} against ${process.uptime()}`,
      );
      const young = rows.get(child.pid!)?.uptimeSeconds;
      assert.ok(young! <= (performance.now() - since) / 1000 + 2, `a child just started is ${young} s old`);
    } finally {
      child.kill("SIGKILL");
      await ended;
    }
  });
});

suite("familyOf()", () => {
  const pids = (table: string, pid: number): readonly number[] =>
    familyOf(parseProcessTable(table), pid).map((row) => row.pid);

  test("is the process first, then all below it", () => {
    assert.deepEqual(pids(TABLE, 501), [501, 610, 502, 611]);
    assert.deepEqual(pids(TABLE, 700), [700]);
  });

  test("is empty for a process that is gone", () => {
    assert.deepEqual(pids(TABLE, 9999), []);
  });

  test("ends where a reused number makes a circle", () => {
    assert.deepEqual(pids("8 9 10 00:01\n9 8 10 00:01\n", 8), [8, 9]);
    assert.deepEqual(pids("0 0 10 00:01\n", 0), [0]);
  });
});
