import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";

/** Options of {@linkcode LoopbackServer.listen}. */
export interface LoopbackServerOptions {
  readonly port: number;
  /** Must not reject. */
  readonly onRequest: (request: IncomingMessage, response: ServerResponse) => void;
  readonly onUpgrade?: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
  /** A new connection was reset because {@linkcode LoopbackServer.resetsConnections} is on. */
  readonly onReset?: () => void;
}

/** HTTP server on 127.0.0.1 that knows all its sockets, upgraded ones too, and can be dead to the world. */
export class LoopbackServer implements AsyncDisposable {
  readonly port: number;
  /** While true, each new connection is reset at once. */
  resetsConnections = false;
  readonly #server: Server;
  readonly #sockets: Set<Socket>;

  private constructor(server: Server, sockets: Set<Socket>, onReset: (() => void) | undefined) {
    this.#server = server;
    this.#sockets = sockets;
    this.port = (server.address() as AddressInfo).port;
    server.on("connection", (socket) => {
      if (!this.resetsConnections) return;
      socket.resetAndDestroy();
      onReset?.();
    });
  }

  /**
   * @param what Names the mock in an error, such as `mock Discord server`.
   * @throws {RangeError} If `port` is not a port number.
   * @throws {Error} If the port cannot be had; `cause` is the system's error.
   */
  static async listen(what: string, options: LoopbackServerOptions): Promise<LoopbackServer> {
    const { port, onRequest, onUpgrade, onReset } = options;
    if (!(Number.isInteger(port) && port >= 0 && port <= 65_535)) {
      throw new RangeError(`Cannot start ${what}: 'port' must be an integer in [0, 65535], got ${port}`);
    }
    const server = createServer(onRequest);
    const sockets = new Set<Socket>();
    server.on("connection", (socket) => {
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
      socket.on("error", () => {}); // a peer that resets is its own business; without a listener it would be ours
    });
    if (onUpgrade) server.on("upgrade", onUpgrade);
    server.listen(port, "127.0.0.1");
    try {
      await once(server, "listening");
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new Error(`Cannot start ${what}: 'port' must be free, got ${port} (${reason})`, { cause });
    }
    return new LoopbackServer(server, sockets, onReset);
  }

  /** Resets every open connection: the peers see ECONNRESET, as when a host dies. */
  resetAll(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}
