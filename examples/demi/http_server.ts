import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { getRequestListener } from "@hono/node-server";
import { systemClock } from "../../lib/base/system_clock.ts";

/** Demi could not offer her interface where she was told to. */
export class ListenError extends Error {
  override readonly name: string = "ListenError";
}

/** Answers requests for an upgrade to websocket. */
export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer) => Promise<void>;

const GOODBYE_MS = 300;
const MAX_CONNECTIONS = 2000;

/** The HTTP server of Demi's interface, which can end with or without a goodbye. */
export class HttpServer {
  readonly url: string;
  readonly #server: Server;
  readonly #sockets: Set<Socket>;

  private constructor(url: string, server: Server, sockets: Set<Socket>) {
    this.url = url;
    this.#server = server;
    this.#sockets = sockets;
  }

  /** @throws {ListenError} If the address cannot be had, such as an occupied port. */
  static async listen(
    address: { readonly host: string; readonly port: number },
    fetch: (request: Request) => Response | Promise<Response>,
    onUpgrade: UpgradeHandler,
  ): Promise<HttpServer> {
    const { host, port } = address;
    const server = createServer(getRequestListener(fetch, { overrideGlobalObjects: false }));
    server.maxConnections = MAX_CONNECTIONS;
    const sockets = new Set<Socket>();
    server.on("connection", (socket) => {
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
    });
    server.on("upgrade", (request, socket, head) => {
      socket.on("error", () => socket.destroy()); // a peer that resets while its token is looked at
      onUpgrade(request, socket, head).catch(() => socket.destroy());
    });
    try {
      server.listen(port, host);
      await once(server, "listening");
    } catch (error) {
      throw toListenError(host, port, error);
    }
    const { port: bound } = server.address() as AddressInfo;
    return new HttpServer(`http://${host.includes(":") ? `[${host}]` : host}:${bound}`, server, sockets);
  }

  /** Takes no new connections, lets the others end for a moment, then cuts them. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => void this.#server.close(() => resolve()));
    this.#server.closeIdleConnections();
    await Promise.race([closed, systemClock.sleep(GOODBYE_MS, { keepAlive: false })]);
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  /** Resets every connection. Resolves when the port is free. */
  async reset(): Promise<void> {
    const closed = new Promise<void>((resolve) => void this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.resetAndDestroy();
    await closed;
  }
}

function toListenError(host: string, port: number, error: unknown): ListenError {
  const { code, message } = error as NodeJS.ErrnoException;
  const what = code === "EADDRINUSE" ? "one that is in use" : (code ?? message);
  return new ListenError(`Cannot listen on ${host}: port ${port} must be free, got ${what}`, {
    cause: error,
  });
}
