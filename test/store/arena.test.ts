import { suite, test } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import { VirtualClock } from "../../lib/base/virtual_clock.ts";
import { Arena } from "../../lib/store/_arena.ts";
import { Chunk } from "../../lib/store/_chunk.ts";
import { ChunkArena, type StoredChunk } from "../../lib/store/_chunk_arena.ts";
import { MetricsStore } from "../../lib/store/metrics_store.ts";

const HOUR = 3_600_000;

suite("Arena", () => {
  test("keeps each piece as it was, whatever comes and goes, and says when it is full", () => {
    const step = fc.oneof(
      fc.uint8Array({ maxLength: 200 }).map((piece) => ({ piece })),
      fc.nat(30).map((free) => ({ free })),
    );
    fc.assert(
      fc.property(fc.array(step, { size: "max", maxLength: 300 }), (steps) => {
        const arena = new Arena(4000);
        const kept = new Map<number, Uint8Array>();
        for (const one of steps) {
          if ("free" in one) {
            const number = [...kept.keys()][one.free];
            if (number === undefined) continue;
            arena.free(number);
            kept.delete(number);
          } else {
            const number = arena.put(one.piece);
            assert.ok(!kept.has(number));
            if (number > 0) kept.set(number, one.piece);
            else assert.ok(arena.usedRatio > 0.9, String(arena.usedRatio));
          }
        }
        for (const [number, piece] of kept) {
          const words = new Uint32Array(Math.ceil(piece.length / 4));
          arena.read(number, words);
          assert.deepEqual(new Uint8Array(words.buffer, 0, piece.length), piece);
        }
        for (const number of kept.keys()) arena.free(number);
        assert.equal(arena.usedRatio, 0);
      }),
    );
  });

  test("chunks share their times, are as they were until they are unpinned, and leave nothing behind", () => {
    const arena = new ChunkArena(100_000);
    const times = Float64Array.from({ length: 512 }, (_, i) => i * 1000 + (i % 7));
    const make = (k: number): Chunk =>
      Chunk.of([times.slice(), Float64Array.from({ length: 512 }, (_, i) => (i * k) % 97)]);
    const stored: StoredChunk[] = [arena.put(make(1))];
    const one = arena.usedRatio;
    stored.push(arena.put(make(2)), arena.put(make(3)));
    assert.ok(arena.usedRatio < 2.9 * one, `${arena.usedRatio} for three, ${one} for one`);
    for (const [i, chunk] of stored.entries()) {
      assert.equal(typeof chunk, "number");
      assert.deepEqual(arena.read(chunk).rows(), make(i + 1).rows());
      assert.deepEqual(arena.spanOf(chunk), { from: 0, to: times[511], count: 512 });
    }
    // as they come from a file: equal, and not the same
    const equal = arena.put(
      Chunk.encoded(
        0,
        times[511]!,
        512,
        arena
          .read(stored[0]!)
          .parts()
          .columns.map((c) => c.slice()),
      ),
    );
    assert.ok(arena.usedRatio < 3.9 * one);
    arena.free(equal);
    arena.pin();
    for (const chunk of stored) arena.free(chunk);
    const more = arena.put(make(4));
    assert.deepEqual(arena.read(stored[1]!).rows(), make(2).rows());
    arena.unpin();
    arena.free(more);
    assert.equal(arena.usedRatio, 0);
  });

  test("a store that has no more room forgets the oldest samples, and rollups tell of them", async () => {
    const clock = new VirtualClock();
    const start = clock.now();
    await using store = await MetricsStore.open({ clock, memoryBytes: 60_000 });
    for (let i = 0; i < 8640; i++) {
      store.append(clock.now(), { noise: Math.sin(i * i), count: i });
      await clock.advance(10_000);
    }
    const points = store.query({ key: "count", from: start, to: clock.now() });
    const raw = points.filter(([, value]) => Number.isInteger(value));
    assert.ok(raw.length > 1500 && raw.length < 8000, String(raw.length));
    assert.equal(raw.at(-1)?.[1], 8639);
    for (const [i, [time]] of points.slice(1).entries()) assert.ok(time - points[i]![0] <= 15 * 60_000);
    assert.ok(points[0]![0] <= start + HOUR / 2);
  });

  test("and keeps what does not fit by itself: the newest hour stays, whatever it takes", async () => {
    const clock = new VirtualClock();
    await using store = await MetricsStore.open({ clock, memoryBytes: 1000 });
    const start = clock.now();
    for (let i = 0; i < 3000; i++) store.append(start + i * 1000, { noise: Math.sin(i * i) });
    assert.equal(store.query({ key: "noise", from: 0, to: Infinity }).length, 3000);
  });
});
