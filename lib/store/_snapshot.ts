import { setImmediate } from "node:timers/promises";
import type { StoreContent, StoredEvent } from "./_content.ts";
import { type PackedChunk, Packer } from "./_pack.ts";
import type { Series } from "./_series.ts";

// Copying so much takes about a millisecond; then the host has its turn.
const BYTES_AT_ONCE = 2 ** 20;
const CHUNKS_AT_ONCE = 2000;

/**
 * All that a store knows at this moment. What comes later is not in, although the bytes are collected bit by bit, so that the host
 * is never kept waiting: chunks do not change, and of what does there is a copy.
 */
export function captureContent(
  all: readonly Series[],
  state: ReadonlyMap<string, string>,
  events: readonly StoredEvent[],
): (firstSegment: number) => Promise<StoreContent> {
  const chunks: PackedChunk[] = [];
  for (const { id, samples, rollups } of all) {
    for (const [level, columns] of [samples, ...rollups].entries()) {
      for (const chunk of columns.capture()) chunks.push({ series: id, level, chunk });
    }
  }
  const series = all.map(({ id, key, rawFrom }) => ({ id, key, rawFrom }));
  const stateRows = [...state];
  return async (firstSegment) => {
    // series that were sampled together have the same times, and chunks of one time go into one buffer
    chunks.sort((a, b) => a.level - b.level || a.chunk.from - b.chunk.from || a.chunk.to - b.chunk.to);
    const packer = new Packer();
    let [bytes, count] = [0, 0];
    for (const chunk of chunks) {
      packer.add(chunk);
      if (packer.bytes - bytes < BYTES_AT_ONCE && ++count < CHUNKS_AT_ONCE) continue;
      [bytes, count] = [packer.bytes, 0];
      await setImmediate();
    }
    return { firstSegment, series, pack: packer.finish(), state: stateRows, events };
  };
}
