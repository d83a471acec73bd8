import { part, type Piece, type Stage, type StageOutput } from "./_stage.ts";

const BANDWIDTH_PIECE_MS = 100;

/** Delays each chunk, counted from its arrival: what waits behind an earlier one is not delayed twice. */
export function latency(latencyMs: number, jitterMs: number): Stage {
  return {
    isBuffered: true,
    async take(piece, output) {
      output.struck(piece.offset);
      const jitter = jitterMs === 0 ? 0 : jitterMs * (2 * output.random.next() - 1);
      const dueMs = piece.arrivedMs + Math.max(0, latencyMs + jitter);
      await output.sleep(dueMs - output.clock.monotonicMs());
      await output.pass({ ...piece, arrivedMs: dueMs }); // a second latency adds to the first
    },
  };
}

/** @param kilobytesPerSecond 0 lets nothing pass. */
export function bandwidth(kilobytesPerSecond: number): Stage {
  return rate(kilobytesPerSecond * 1000, kilobytesPerSecond * BANDWIDTH_PIECE_MS);
}

/** Passes pieces of at most so many bytes, each after the time that it takes at this rate. */
export function rate(bytesPerSecond: number, pieceBytes: number): Stage {
  const most = Math.max(1, Math.floor(pieceBytes));
  let owedMs = 0;
  return {
    async take(piece, output) {
      output.struck(piece.offset);
      if (bytesPerSecond === 0) await output.stall();
      for (let rest = piece; rest.data.length > 0; rest = part(rest, most)) {
        const head = part(rest, 0, most);
        owedMs += (head.data.length * 1000) / bytesPerSecond;
        const startedMs = output.clock.monotonicMs();
        const isUp = bytesPerSecond > 0 && (await output.sleep(owedMs));
        owedMs -= output.clock.monotonicMs() - startedMs; // timers are late by a millisecond or so
        if (!isUp) return await output.pass(rest);
        await output.pass(head);
      }
    },
  };
}

/** Passes all, and the end late. */
export function slowClose(delayMs: number): Stage {
  return {
    take: (piece, output) => output.pass(piece),
    async end(offset, output) {
      output.struck(offset);
      await output.sleep(delayMs);
      await output.end();
    },
  };
}

/** Drops all, and closes after a silence; 0 waits for the sender's end. Its removal closes: data is missing. */
export function timeout(timeoutMs: number): Stage {
  let lastMs = 0;
  let seen = 0;
  let hasDropped = false;
  const watch = (output: StageOutput): void => {
    const leftMs = lastMs + timeoutMs - output.clock.monotonicMs();
    if (leftMs > 0) return void output.setTimer(() => watch(output), leftMs);
    output.struck(seen);
    output.close();
  };
  return {
    start(output) {
      lastMs = output.clock.monotonicMs();
      if (timeoutMs > 0) watch(output);
    },
    take(piece, output) {
      output.struck(piece.offset);
      lastMs = output.clock.monotonicMs();
      seen = piece.offset + piece.data.length;
      if (!hasDropped) void output.stall(); // somebody waits for what was dropped
      hasDropped = true;
    },
    end: (_offset, output) => output.close(),
    removed: (output) => output.close(),
  };
}

/** Waits for the first data or the end, then for its time, then resets. */
export function resetPeer(timeoutMs: number): Stage {
  const begin = async (offset: number, output: StageOutput): Promise<boolean> => {
    output.struck(offset);
    const isUp = await output.sleep(timeoutMs);
    if (isUp) output.reset();
    return isUp;
  };
  return {
    async take(piece, output) {
      if (!(await begin(piece.offset, output))) await output.pass(piece);
    },
    async end(offset, output) {
      if (!(await begin(offset, output))) await output.end();
    },
  };
}

/** Cuts data into pieces, with a pause behind each. */
export function slicer(averageBytes: number, variationBytes: number, delayMs: number): Stage {
  const sizeOf = ({ random }: StageOutput): number =>
    averageBytes + (variationBytes === 0 ? 0 : random.integer(-variationBytes, variationBytes));
  return {
    async take(piece, output) {
      output.struck(piece.offset);
      for (let rest = piece; rest.data.length > 0;) {
        const size = sizeOf(output);
        await output.pass(part(rest, 0, size));
        rest = part(rest, size);
        if (delayMs > 0 && !(await output.sleep(delayMs))) return await output.pass(rest);
      }
    },
  };
}

/** Passes exactly so many bytes, then closes, or resets. */
export function limitData(bytes: number, by: "end" | "reset"): Stage {
  return {
    async take(piece: Piece, output) {
      const head = part(piece, 0, Math.max(0, bytes - output.transmitted));
      if (head.data.length > 0) await output.pass(head);
      if (output.transmitted < bytes) return;
      output.struck(head.offset + head.data.length);
      if (by === "reset") output.reset();
      else output.close();
    },
  };
}
