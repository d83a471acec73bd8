import type { Clock } from "../../base/clock.ts";
import type { SeededRandom } from "../../base/random.ts";
import type { Toxic } from "./toxics.ts";

/** What passes through a connection in one direction: data, and at last its end. */
export interface Piece {
  readonly data: Buffer;
  /** When it arrived, on the monotonic clock. */
  readonly arrivedMs: number;
}

/** What a stage may do besides passing data on. */
export interface StageOutput {
  /** Passes data on to the next stage; resolves when there is room for more. */
  pass(data: Buffer): Promise<void>;
  /** Ends the connection as a close does. */
  close(): void;
  /** Ends the connection by RST. */
  reset(): void;
  /** Notes that the toxic struck, and where. */
  struck(detail: string): void;
  /** Resolves when the time is up, or sooner when the toxic is removed or the connection ends: then with false. */
  sleep(delayMs: number): Promise<boolean>;
  readonly clock: Clock;
  readonly random: SeededRandom;
}

/** One toxic at work on one direction of one connection. */
export interface Stage {
  take(piece: Piece, output: StageOutput): Promise<void> | void;
  /** The sender has ended; the end is passed on when this resolves. */
  end?(output: StageOutput): Promise<void> | void;
}

const BANDWIDTH_PIECE_MS = 100;

/** A stage for `toxic`, with memory of its own. */
export function makeStage(toxic: Toxic): Stage {
  switch (toxic.kind) {
    case "latency":
      return latency(toxic.latencyMs, toxic.jitterMs ?? 0);
    case "bandwidth":
      return bandwidth(toxic.kilobytesPerSecond * 1000, BANDWIDTH_PIECE_MS);
    case "slow_drip":
      return bandwidth(toxic.bytesPerSecond, 1000 / toxic.bytesPerSecond);
    case "slow_close":
      return {
        take: (piece, output) => output.pass(piece.data),
        end: (output) => delayEnd(toxic.delayMs, output),
      };
    case "timeout":
      return timeout(toxic.timeoutMs);
    case "reset_peer":
      return resetPeer(toxic.timeoutMs);
    case "slicer":
      return slicer(toxic.averageBytes, toxic.variationBytes ?? 0, (toxic.delayMicroseconds ?? 0) / 1000);
    case "limit_data":
      return limitData(toxic.bytes);
    case "duplicate":
      return duplicate(toxic.afterBytes ?? 0);
    case "cut_line":
      return cutLine(toxic.lines, toxic.by ?? "end");
    case "break_json":
      return breakJson(toxic.nth ?? 1);
    case "garbage":
      return garbage(toxic.bytes);
    case "malformed_chunk":
      return malformedChunk();
  }
}

/** Passes everything: what a removed toxic leaves. */
export const passAll: Stage = { take: ({ data }, output) => output.pass(data) };

function latency(latencyMs: number, jitterMs: number): Stage {
  let isFirst = true;
  return {
    async take({ data, arrivedMs }, output) {
      const jitter = jitterMs === 0 ? 0 : jitterMs * (2 * output.random.next() - 1);
      if (isFirst) output.struck("first data");
      isFirst = false;
      // counted from the arrival: what waits behind an earlier chunk is not delayed twice
      await output.sleep(Math.max(0, arrivedMs + latencyMs + jitter - output.clock.monotonicMs()));
      await output.pass(data);
    },
  };
}

function bandwidth(bytesPerSecond: number, pieceMs: number): Stage {
  let isFirst = true;
  return {
    async take({ data }, output) {
      if (isFirst) output.struck("first data");
      isFirst = false;
      if (bytesPerSecond === 0) {
        await output.sleep(Infinity);
        return await output.pass(data);
      }
      const most = Math.max(1, Math.floor((bytesPerSecond * pieceMs) / 1000));
      for (let from = 0; from < data.length; from += most) {
        const piece = data.subarray(from, from + most);
        await output.sleep((piece.length * 1000) / bytesPerSecond);
        await output.pass(piece);
      }
    },
  };
}

async function delayEnd(delayMs: number, output: StageOutput): Promise<void> {
  output.struck("end");
  await output.sleep(delayMs);
}

function timeout(timeoutMs: number): Stage {
  let pending = 0;
  const wait = async (output: StageOutput): Promise<void> => {
    if (timeoutMs === 0) return;
    const mine = ++pending;
    const isUp = await output.sleep(timeoutMs);
    if (isUp && mine === pending) output.close(); // a later chunk starts the time anew
  };
  let isFirst = true;
  return {
    take(_piece, output) {
      if (isFirst) output.struck("first data");
      isFirst = false;
      void wait(output);
    },
    end: async (output) => void (await output.sleep(Infinity)),
  };
}

function resetPeer(timeoutMs: number): Stage {
  let isOn = false;
  const begin = async (output: StageOutput): Promise<void> => {
    if (isOn) return;
    isOn = true;
    output.struck("first data");
    if (await output.sleep(timeoutMs)) output.reset();
  };
  return { take: (_piece, output) => void begin(output), end: (output) => begin(output) };
}

function slicer(averageBytes: number, variationBytes: number, delayMs: number): Stage {
  let isFirst = true;
  return {
    async take({ data }, output) {
      if (isFirst) output.struck("first data");
      isFirst = false;
      for (let from = 0; from < data.length;) {
        const spread = variationBytes === 0 ? 0 : output.random.integer(-variationBytes, variationBytes);
        const size = Math.max(1, averageBytes + spread);
        await output.pass(data.subarray(from, from + size));
        from += size;
        if (delayMs > 0 && from < data.length) await output.sleep(delayMs);
      }
    },
  };
}

function limitData(bytes: number): Stage {
  let left = bytes;
  return {
    async take({ data }, output) {
      const piece = data.subarray(0, left);
      left -= piece.length;
      if (piece.length > 0) await output.pass(piece);
      if (left > 0) return;
      output.struck(`after byte ${bytes}`);
      output.close();
    },
  };
}

function duplicate(afterBytes: number): Stage {
  let position = 0;
  return {
    async take({ data }, output) {
      const strikes = position >= afterBytes;
      if (strikes) output.struck(`at byte ${position}`);
      position += data.length;
      await output.pass(data);
      if (strikes) await output.pass(data);
    },
  };
}

const NEWLINE = 10;

function cutLine(lines: number, by: "end" | "reset"): Stage {
  let whole = 0;
  let position = 0;
  return {
    async take({ data }, output) {
      let from = 0;
      for (; whole < lines; whole++) {
        const at = data.indexOf(NEWLINE, from);
        if (at < 0) {
          position += data.length;
          return await output.pass(data);
        }
        from = at + 1;
      }
      const end = data.indexOf(NEWLINE, from);
      const rest = (end < 0 ? data.length : end) - from;
      const cut = from + Math.ceil(rest / 2);
      if (cut > 0) await output.pass(data.subarray(0, cut));
      if (rest < 2) return; // the line it cuts has only begun
      output.struck(`in line ${lines + 1} at byte ${position + cut}`);
      if (by === "reset") output.reset();
      else output.close();
    },
  };
}

function breakJson(nth: number): Stage {
  let seen = 0;
  let position = 0;
  return {
    async take({ data }, output) {
      const changed = Buffer.from(data);
      for (const [index, byte] of changed.entries()) {
        if (byte !== 0x7d || ++seen !== nth) continue;
        changed[index] = 0x5d;
        output.struck(`at byte ${position + index}`);
      }
      position += data.length;
      await output.pass(changed);
    },
  };
}

function garbage(bytes: number): Stage {
  return {
    async take(_piece, output) {
      output.struck(`${bytes} bytes`);
      await output.pass(Buffer.from(Array.from({ length: bytes }, () => output.random.integer(0, 255))));
      output.close();
    },
  };
}

function malformedChunk(): Stage {
  let tail = "";
  let isDone = false;
  return {
    async take({ data }, output) {
      if (isDone) return await output.pass(data);
      const text = tail + data.toString("latin1");
      const size = /\r\n\r\n[0-9a-fA-F]/.exec(text);
      if (!size) {
        tail = text.slice(-4);
        return await output.pass(data);
      }
      isDone = true;
      const index = size.index + 4 - tail.length;
      const changed = Buffer.from(data);
      changed[index] = 0x7a; // z is no hexadecimal digit
      output.struck(`at byte ${index} of its piece`);
      await output.pass(changed);
    },
  };
}
