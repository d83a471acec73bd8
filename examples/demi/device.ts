import type { WebSocket } from "ws";
import type { Session } from "./accounts.ts";

const MAX_BUFFERED_BYTES = 1024 * 1024;

/** A connected device of a user. */
export class Device {
  readonly session: Session;
  readonly #socket: WebSocket;
  #pingSentAt: number | undefined;

  constructor(session: Session, socket: WebSocket) {
    this.session = session;
    this.#socket = socket;
  }

  get userId(): string {
    return this.session.userId;
  }

  /** Sends an event, and returns whether the device was there to get it. One that does not read is cut off. */
  send(event: string, data: object = {}): boolean {
    if (this.#socket.readyState !== this.#socket.OPEN) return false;
    if (this.#socket.bufferedAmount > MAX_BUFFERED_BYTES) {
      this.#socket.terminate();
      return false;
    }
    this.#socket.send(JSON.stringify({ event, data }));
    return true;
  }

  /** Asks for a sign of life; cuts the device off that still owes the last one. */
  ping(nowMs: number): void {
    if (this.#pingSentAt !== undefined) return this.#socket.terminate();
    this.#pingSentAt = nowMs;
    this.#socket.ping();
  }

  /** Takes the sign of life and returns how long it took, if it was asked for. */
  pong(nowMs: number): number | undefined {
    const sentAt = this.#pingSentAt;
    this.#pingSentAt = undefined;
    return sentAt === undefined ? undefined : nowMs - sentAt;
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason);
  }
}
