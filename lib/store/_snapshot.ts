import { setImmediate } from "node:timers/promises";
import type { StoreContent, StoredEvent } from "./_content.ts";
import type { ChunkArena } from "./_chunk_arena.ts";
import { type CapturedRows, chunksOf } from "./_columns.ts";
import { Packer } from "./_pack.ts";
import type { Series } from "./_series.ts";

// Copying so much takes about a millisecond; then the host has its turn.
const BYTES_AT_ONCE = 2 ** 20;
const CHUNKS_AT_ONCE = 250;

/**
 * All that a store knows at this moment. What comes later is not in, although the bytes are collected bit by bit, so that the host
 * is never kept waiting: what is there does not change, but for the last row of a rollup, of which there is a copy.
 */
export function captureContent(
  all: readonly Series[],
  state: ReadonlyMap<string, string>,
  events: readonly StoredEvent[],
  arena: ChunkArena,
): (firstSegment: number) => Promise<StoreContent> {
  const captured: { readonly series: number; readonly level: number; readonly rows: CapturedRows }[] = [];
  for (const { id, samples, rollups } of all) {
    captured.push({ series: id, level: 0, rows: samples.capture() });
    for (let level = 0; level < rollups.length; level++) {
      const rows = rollups[level]!.capture();
      if (rows.count > 0 || rows.chunks.length > 0) captured.push({ series: id, level: level + 1, rows });
    }
  }
  const series = all.map(({ id, key, rawFrom }) => ({ id, key, rawFrom }));
  const stateRows = [...state];
  arena.pin();
  return async (firstSegment) => {
    const packer = new Packer();
    let [bytes, count] = [0, 0];
    try {
      for (const { series: id, level, rows } of captured) {
        for (const chunk of chunksOf(rows, arena)) {
          packer.add({ series: id, level, chunk });
          count++;
        }
        if (packer.bytes - bytes < BYTES_AT_ONCE && count < CHUNKS_AT_ONCE) continue;
        [bytes, count] = [packer.bytes, 0];
        await setImmediate();
      }
    } finally {
      arena.unpin();
    }
    return { firstSegment, series, pack: packer.finish(), state: stateRows, events };
  };
}
