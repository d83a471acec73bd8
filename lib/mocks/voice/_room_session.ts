import type { RawData, WebSocket } from "ws";
import type { HeardReply } from "./_heard_reply.ts";
import type { ServerMessage } from "./_room_wire.ts";

const MAX_BUFFERED_BYTES = 16 * 1024 * 1024;

/** A companion's connection to the room. */
export class RoomSession {
  readonly id: string;
  /** What it says now: from `reply_started` to `reply_stopped`. */
  reply: HeardReply | undefined;
  readonly #socket: WebSocket;

  constructor(id: string, socket: WebSocket) {
    this.id = id;
    this.#socket = socket;
  }

  get isOpen(): boolean {
    return this.#socket.readyState === this.#socket.OPEN;
  }

  tell(message: ServerMessage): void {
    this.sendText(JSON.stringify(message));
  }

  /** Sends a text frame as it is. A client that reads nothing is cut off. */
  sendText(text: string): void {
    if (this.#isReading()) this.#socket.send(text);
  }

  sendAudio(pcm: Buffer): void {
    if (this.#isReading()) this.#socket.send(pcm);
  }

  /** Resets the connection. */
  drop(): void {
    this.#socket.terminate();
  }

  on(onText: (text: string) => void, onAudio: (pcm: Buffer) => void, onClose: () => void): void {
    this.#socket.on("message", (data: RawData, isBinary: boolean) => {
      if (isBinary) onAudio(data as Buffer);
      else onText((data as Buffer).toString("utf8"));
    });
    this.#socket.on("close", onClose);
    this.#socket.on("error", () => undefined); // "close" follows
  }

  #isReading(): boolean {
    if (!this.isOpen) return false;
    if (this.#socket.bufferedAmount <= MAX_BUFFERED_BYTES) return true;
    this.#socket.terminate();
    return false;
  }
}
