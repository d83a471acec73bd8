import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { systemClock } from "../base/system_clock.ts";

const MAX_CONNECTIONS = 512;
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;
// Answers that are nearly done get this long at the end; a reader that has stopped reading never would be.
const GRACE_MS = 200;

/** The address that was asked for cannot be listened on. */
export class ListenError extends Error {
  override readonly name: string = "ListenError";
  /** Code of the operating system, such as `EADDRINUSE`. */
  readonly code: string | undefined;
  readonly host: string;
  readonly port: number;

  constructor(what: string, host: string, port: number, cause: unknown) {
    const code = (cause as NodeJS.ErrnoException).code;
    super(`Cannot start ${what}: ${explain(code, host, port, cause)}`, { cause });
    this.code = code;
    this.host = host;
    this.port = port;
  }
}

/** Where to listen. */
export interface ListenOptions {
  /** @default {"127.0.0.1"} */
  host?: string | undefined;
  /** 0 takes a free one. @default {0} */
  port?: number | undefined;
  /** What is being started, for the error. @default {"server"} */
  what?: string | undefined;
}

/** A server that listens; disposing of it ends it within a fraction of a second, open streams included. */
export interface Listener extends AsyncDisposable {
  readonly port: number;
}

/**
 * Serves a web-standard handler with `node:http`.
 *
 * @throws {ListenError} If the address is taken, forbidden, or none of this machine.
 */
export async function listen(
  handler: (request: Request) => Response | Promise<Response>,
  options: ListenOptions = {},
): Promise<Listener> {
  const { host = "127.0.0.1", port = 0, what = "server" } = options;
  const server = createServer(
    { headersTimeout: HEADERS_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS },
    // without this the adapter would replace the host's global Request and Response
    getRequestListener(handler, { overrideGlobalObjects: false }),
  );
  server.maxConnections = MAX_CONNECTIONS;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", (cause) => reject(new ListenError(what, host, port, cause)));
  server.listen(port, host, resolve);
  await promise;
  let ended: Promise<void> | undefined;
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: () => (ended ??= end(server)),
  };
}

async function end(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  const timer = systemClock.setTimer(() => server.closeAllConnections(), GRACE_MS);
  await promise;
  timer.cancel();
}

function explain(code: string | undefined, host: string, port: number, cause: unknown): string {
  switch (code) {
    case "EADDRINUSE":
      return `port ${port} on ${host} is in use`;
    case "EACCES":
      return `port ${port} on ${host} needs a permission that this process does not have`;
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return `'host' must be an address of this machine, got ${host}`;
    default:
      return `port ${port} on ${host}: ${cause instanceof Error ? cause.message : String(cause)}`;
  }
}
