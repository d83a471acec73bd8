import { appendFile, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { readTimeline, Timeline, type TimelineLine } from "../../lib/stability/_timeline.ts";

async function withFile(use: (path: string) => Promise<void>): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), "demi-timeline-"));
  try {
    await use(join(root, "timeline.ndjson"));
  } finally {
    await rm(root, { recursive: true });
  }
}

async function readAll(path: string): Promise<readonly TimelineLine[]> {
  return await Array.fromAsync(readTimeline(path));
}

suite("Timeline", () => {
  test("holds what was added, in its order, also much of it", async () => {
    await withFile(async (path) => {
      await using timeline = await Timeline.open(path, 0);
      for (let atMs = 0; atMs < 20_000; atMs++) timeline.add({ kind: "reply", atMs, text: "Grüße\n" });
      await timeline.sync();
      assert.equal((await readFile(path)).length, timeline.bytes);
      const lines = await readAll(path);
      assert.equal(lines.length, 20_000);
      assert.deepEqual(lines[19_999], { kind: "reply", atMs: 19_999, text: "Grüße\n" });
    });
  });

  test("goes on at a length that it had, without what came after", async () => {
    await withFile(async (path) => {
      let bytes: number;
      {
        await using timeline = await Timeline.open(path, 0);
        timeline.add({ kind: "look", atMs: 1 });
        bytes = timeline.bytes;
        timeline.add({ kind: "look", atMs: 2 });
      }
      await using again = await Timeline.open(path, bytes);
      again.add({ kind: "look", atMs: 3 });
      await again.sync();
      assert.deepEqual(
        (await readAll(path)).map(({ atMs }) => atMs),
        [1, 3],
      );
    });
  });

  test("a torn line and what is none are left out", async () => {
    await withFile(async (path) => {
      {
        await using timeline = await Timeline.open(path, 0);
        timeline.add({ kind: "look", atMs: 1 });
      }
      await appendFile(path, '7\nnull\n{"kind":"look"}\n{"kind":"lo');
      assert.deepEqual(await readAll(path), [{ kind: "look", atMs: 1 }]);
    });
  });
});
