import type { Transform } from "node:stream";
import * as zlib from "node:zlib";
import type { WebSocket } from "ws";

/** How the frames of a connection are packed. */
export type TransportCompression = "zlib-stream" | "zstd-stream";

/** Sends the frames of one websocket, in their order. */
export interface FrameSender {
  send(frame: Buffer): void;
  /** Closes behind the frames that are under way. */
  close(code: number, reason: string): void;
  /** Frees what it holds; nothing is sent any more. */
  dispose(): void;
}

/** Whether this runtime can pack frames in that way. */
export function isTransportOffered(compression: string): compression is TransportCompression {
  if (compression === "zlib-stream") return true;
  return compression === "zstd-stream" && typeof zlib.createZstdCompress === "function";
}

/** Sends frames as they are, or in one stream of compression for the whole connection. */
export function createFrameSender(
  socket: WebSocket,
  compression: TransportCompression | undefined,
): FrameSender {
  if (compression === undefined) return new PlainSender(socket);
  const { Z_SYNC_FLUSH, ZSTD_e_flush } = zlib.constants;
  return compression === "zlib-stream"
    ? new StreamSender(socket, zlib.createDeflate(), Z_SYNC_FLUSH)
    : new StreamSender(socket, zlib.createZstdCompress(), ZSTD_e_flush);
}

const AS_TEXT = { binary: false, compress: false } as const;
const AS_BINARY = { binary: true, compress: false } as const;

class PlainSender implements FrameSender {
  readonly #socket: WebSocket;

  constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  send(frame: Buffer): void {
    this.#socket.send(frame, AS_TEXT);
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason);
  }

  dispose(): void {}
}

// zlib works on other threads: each frame is written and flushed in order, and goes out when its flush is done.
class StreamSender implements FrameSender {
  readonly #socket: WebSocket;
  readonly #stream: Transform & zlib.Zlib;
  readonly #flush: number;
  #packed: Buffer[] = [];
  #underWay = 0;
  #closing: readonly [code: number, reason: string] | undefined;

  constructor(socket: WebSocket, stream: Transform & zlib.Zlib, flush: number) {
    this.#socket = socket;
    this.#stream = stream;
    this.#flush = flush;
    stream.on("data", (chunk: Buffer) => this.#packed.push(chunk));
    stream.on("error", () => {}); // only of writes that dispose() cut off
  }

  send(frame: Buffer): void {
    if (this.#closing) return;
    this.#underWay++;
    this.#stream.write(frame);
    this.#stream.flush(this.#flush, () => this.#flushed());
  }

  close(code: number, reason: string): void {
    this.#closing ??= [code, reason];
    if (this.#underWay === 0) this.#socket.close(...this.#closing);
  }

  dispose(): void {
    this.#stream.destroy();
  }

  #flushed(): void {
    this.#underWay--;
    if (this.#socket.readyState === this.#socket.OPEN) {
      this.#socket.send(Buffer.concat(this.#packed.splice(0)), AS_BINARY);
    }
    if (this.#closing && this.#underWay === 0) this.#socket.close(...this.#closing);
  }
}
