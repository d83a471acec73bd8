import { type RawData, WebSocket } from "ws";
import { systemClock } from "../../base/system_clock.ts";
import { AndroidAuthError, AndroidClosedError } from "./_android_errors.ts";

const HANDSHAKE_TIMEOUT_MS = 10_000;
const MAX_FRAME_BYTES = 16 * 1024 * 1024;
// a companion that hangs does not answer the goodbye
const GOODBYE_TIMEOUT_MS = 1000;
// 4401 and 1008 are how servers refuse a token after the handshake
const REFUSALS: ReadonlySet<number> = new Set([4401, 1008]);

/** Who is told of a {@linkcode AndroidConnection}. */
export interface AndroidConnectionOptions {
  readonly address: string;
  /** Given each frame; true for the one that opens the chat. */
  readonly onFrame: (text: string) => boolean;
  /** The wire itself was broken, as by an invalid or too large frame; told with the code of `ws` for it. */
  readonly onBroken: (code: string) => void;
  readonly onClose: (code: number) => void;
}

/** One websocket of the app. */
export class AndroidConnection {
  readonly #socket: WebSocket;
  /** Resolves when the companion has greeted. */
  readonly ready: Promise<void>;

  constructor({ address, onFrame, onBroken, onClose }: AndroidConnectionOptions) {
    const socket = new WebSocket(address, {
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
      maxPayload: MAX_FRAME_BYTES,
    });
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = systemClock.setTimer(
      () => {
        reject(new AndroidClosedError("Cannot open the chat: the companion did not greet within 10 s"));
        socket.terminate();
      },
      HANDSHAKE_TIMEOUT_MS,
      { keepAlive: false },
    );
    this.#socket = socket;
    this.ready = promise.finally(() => timer.cancel());
    this.ready.catch(() => {}); // its caller's, who may come later
    socket.on("unexpected-response", (_request, response) => {
      response.resume();
      reject(new AndroidAuthError("open the chat", response.statusCode ?? 0, ""));
      socket.terminate();
    });
    socket.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code?.startsWith("WS_ERR_")) onBroken(error.code);
      reject(error);
    });
    socket.on("message", (data: RawData) => {
      if (onFrame((data as Buffer).toString())) resolve();
    });
    socket.on("close", (code) => {
      const closed = new AndroidClosedError(`Cannot open the chat: the companion closed it with ${code}`);
      reject(REFUSALS.has(code) ? new AndroidAuthError("open the chat", 401, String(code)) : closed);
      onClose(code);
    });
  }

  get isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  send(frame: object): void {
    this.#socket.send(JSON.stringify(frame));
  }

  sendRaw(data: string | Uint8Array): void {
    this.#socket.send(data);
  }

  /** Resolves when the websocket's own ping is answered, or the connection ends. */
  async pong(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#socket.once("pong", () => resolve());
    this.#socket.ping();
    await promise;
  }

  pauseReading(): void {
    this.#socket.pause();
  }

  resumeReading(): void {
    this.#socket.resume();
  }

  /** Says goodbye; resolves when it is closed. */
  async close(): Promise<void> {
    const socket = this.#socket;
    if (socket.readyState === WebSocket.CLOSED) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    socket.once("close", () => resolve());
    socket.resume();
    socket.close(1000);
    const timer = systemClock.setTimer(() => socket.terminate(), GOODBYE_TIMEOUT_MS, { keepAlive: false });
    await promise;
    timer.cancel();
  }

  /** Cuts it, without a goodbye. */
  terminate(): void {
    this.#socket.resume(); // a paused one would not tell of its end
    this.#socket.terminate();
  }
}
