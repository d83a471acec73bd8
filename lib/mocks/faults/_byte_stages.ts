import { part, type Piece, type Stage, type StageOutput } from "./_stage.ts";
import { rate } from "./_toxiproxy_stages.ts";

const NEWLINE = 0x0a;
const CLOSING_BRACE = 0x7d;
const CLOSING_BRACKET = 0x5d;
const NO_DIGIT = 0x7a; // z
const HEAD_END = Buffer.from("\r\n\r\n");
const MAX_HEAD_BYTES = 16 * 1024;
const MAX_LINE_BYTES = 64 * 1024;
const GARBAGE_PIECE_BYTES = 64 * 1024;

/** Passes so many bytes, then nothing more; the connection stays open. */
export function stall(bytes: number): Stage {
  return {
    async take(piece, output) {
      const head = part(piece, 0, Math.max(0, bytes - output.transmitted));
      if (head.data.length > 0) await output.pass(head);
      const rest = part(piece, head.data.length);
      if (rest.data.length === 0) return;
      output.struck(rest.offset);
      await output.stall();
      await output.pass(rest);
    },
  };
}

/** Passes the head of an HTTP message at once, and its body slowly. */
export function dribbledBody(bytesPerSecond: number): Stage {
  const slow = rate(bytesPerSecond, 1);
  const findBody = bodyFinder();
  let isBody = false;
  return {
    async take(piece, output) {
      const at = isBody ? 0 : findBody(piece.data);
      if (at > 0) await output.pass(part(piece, 0, at));
      if (at < 0) return await output.pass(piece);
      isBody = true;
      if (at < piece.data.length) await slow.take(part(piece, at), output);
    },
  };
}

/**
 * Sends bytes twice, once.
 *
 * @param bytes How many; undefined for the rest of the chunk in which the first is.
 */
export function duplicate(afterBytes: number, bytes: number | undefined): Stage {
  const copied: Buffer[] = [];
  let left = bytes;
  let isDone = false;
  const again = async (piece: Omit<Piece, "data">, output: StageOutput): Promise<void> => {
    isDone = true;
    output.struck(afterBytes);
    await output.pass({ ...piece, data: Buffer.concat(copied) });
  };
  return {
    async take(piece, output) {
      const from = Math.max(0, afterBytes - piece.offset);
      if (isDone || from >= piece.data.length) return await output.pass(piece);
      const first = part(piece, from, left === undefined ? undefined : from + left);
      const end = from + first.data.length;
      copied.push(first.data);
      if (left !== undefined) left -= first.data.length;
      await output.pass(part(piece, 0, end));
      if (left === undefined || left === 0) await again(piece, output);
      if (end < piece.data.length) await output.pass(part(piece, end));
    },
    async end(offset, output) {
      const isShort = !isDone && copied.length > 0;
      if (isShort) await again({ arrivedMs: output.clock.monotonicMs(), offset }, output);
      await output.end();
    },
  };
}

const EVENT_FIELD = "data:";

/** Ends the connection in the middle of a line of NDJSON or of a server-sent event, whatever lines are around it. */
export function cutLine(lines: number, by: "end" | "reset"): Stage {
  const held: Piece[] = []; // of the line to be cut: half of it cannot be known before its end
  let whole = 0;
  let lineHead = "";
  let lineStart: number | undefined;
  const isCounted = (): boolean => lineHead.startsWith("{") || lineHead === EVENT_FIELD;
  const cut = async (lineEnd: number, output: StageOutput): Promise<void> => {
    const half = Math.ceil((lineEnd - lineStart!) / 2);
    const cutAt = lineStart! + Math.max(half, lineHead.startsWith("{") ? 1 : EVENT_FIELD.length);
    const first = held[0]!;
    const all = { ...first, data: Buffer.concat(held.map(({ data }) => data)) };
    await output.pass(part(all, 0, cutAt - first.offset));
    output.struck(cutAt);
    if (by === "reset") output.reset();
    else output.close();
  };
  return {
    async take(piece, output) {
      const { data, offset } = piece;
      let passed = 0;
      for (let from = 0; from < data.length;) {
        const newline = data.indexOf(NEWLINE, from);
        const end = newline < 0 ? data.length : newline;
        lineStart ??= offset + from;
        lineHead += data.toString("latin1", from, Math.min(end, from + EVENT_FIELD.length - lineHead.length));
        if (isCounted() && whole === lines) {
          if (from > passed) await output.pass(part(piece, passed, from));
          passed = data.length;
          held.push(part(piece, from, end));
          const isLong = offset + end - lineStart > MAX_LINE_BYTES;
          if (newline >= 0 || isLong) return await cut(offset + end, output);
        } else if (newline >= 0) {
          if (isCounted()) whole++;
          lineHead = "";
          lineStart = undefined;
        }
        from = end + 1;
      }
      if (passed < data.length) await output.pass(part(piece, passed));
    },
    end: (offset, output) => (held.length > 0 ? cut(offset, output) : output.end()),
  };
}

/** Makes the n-th `}` of the stream a `]`. */
export function breakJson(nth: number): Stage {
  let left = nth;
  return {
    async take(piece, output) {
      let at = -1;
      while (left > 0 && (at = piece.data.indexOf(CLOSING_BRACE, at + 1)) >= 0) left--;
      if (at < 0) return await output.pass(piece);
      output.struck(piece.offset + at);
      await output.pass(withByte(piece, at, CLOSING_BRACKET));
    },
  };
}

/** Answers the first data with random bytes, and closes. */
export function garbage(bytes: number): Stage {
  return {
    async take(piece, output) {
      output.struck(piece.offset);
      for (let left = bytes; left > 0; left -= GARBAGE_PIECE_BYTES) {
        const length = Math.min(left, GARBAGE_PIECE_BYTES);
        const data = Buffer.from(Array.from({ length }, () => output.random.integer(0, 255)));
        await output.pass({ ...piece, data });
      }
      output.close();
    },
  };
}

/** Makes the first chunk size of a chunked HTTP body no number. */
export function malformedChunk(): Stage {
  const findBody = bodyFinder(/\r\ntransfer-encoding:[^\r\n]*chunked/i);
  let isDone = false;
  let isNext = false;
  return {
    async take(piece, output) {
      const at = isDone ? -1 : isNext ? 0 : findBody(piece.data);
      if (at < 0) return await output.pass(piece);
      isNext = at === piece.data.length;
      if (isNext) return await output.pass(piece);
      isDone = true;
      output.struck(piece.offset + at);
      await output.pass(withByte(piece, at, NO_DIGIT));
    },
  };
}

function withByte(piece: Piece, at: number, byte: number): Piece {
  const data = Buffer.from(piece.data);
  data[at] = byte;
  return { ...piece, data };
}

/** A function that is given a stream, and says at which byte of what it was given the body of an HTTP message begins. */
function bodyFinder(head?: RegExp): (data: Buffer) => number {
  let before: Buffer = Buffer.alloc(0);
  return (data) => {
    const all = Buffer.concat([before, data]);
    let from = 0;
    for (let end: number; (end = all.indexOf(HEAD_END, from)) >= 0; from = end + 2) {
      if (end + HEAD_END.length <= before.length) continue; // seen before, and not it
      const isWanted = head === undefined || head.test(all.toString("latin1", from, end));
      if (isWanted) return end + HEAD_END.length - before.length;
    }
    before = all.subarray(Math.max(from, all.length - MAX_HEAD_BYTES));
    return -1;
  };
}
