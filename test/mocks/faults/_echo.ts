import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { systemClock } from "../../../lib/base/system_clock.ts";
import { VirtualClock } from "../../../lib/base/virtual_clock.ts";
import { FaultProxy, type FaultProxyOptions } from "../../../lib/mocks/faults/fault_proxy.ts";
import type { Toxic } from "../../../lib/mocks/faults/toxics.ts";

/** A TCP server that does what `script` says with each connection, or echoes. */
export async function listenTcp(
  script: (socket: Socket) => void = (socket) => void socket.pipe(socket),
): Promise<AsyncDisposable & { readonly host: string; readonly port: number }> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    script(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    host: "127.0.0.1",
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** What came back on a connection, and how it ended. */
export interface Heard {
  readonly data: Buffer;
  /** `end` for FIN, or the error's code. */
  readonly how: string;
}

/** A client that keeps what it gets, and closes when the other side does. */
export class Client {
  readonly socket: Socket;
  readonly #chunks: Buffer[] = [];
  readonly #closed: Promise<unknown>;
  #how = "close";

  constructor(port: number) {
    this.socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
    this.socket.on("data", (chunk: Buffer) => void this.#chunks.push(chunk));
    this.socket.on("end", () => {
      this.#how = "end";
      this.socket.end();
    });
    this.socket.on("error", (error: Error & { code?: string }) => (this.#how = error.code ?? error.message));
    this.#closed = new Promise((resolve) => this.socket.once("close", resolve));
  }

  get text(): string {
    return Buffer.concat(this.#chunks).toString("latin1");
  }

  /** Resolves when so much has come, at least. */
  async gets(bytes: number): Promise<string> {
    while (this.text.length < bytes) await once(this.socket, "data");
    return this.text;
  }

  async closed(): Promise<Heard> {
    await this.#closed;
    return { data: Buffer.concat(this.#chunks), how: this.#how };
  }
}

/** Sends bytes, ends, and gives what came back until the connection closed. */
export async function talk(
  port: number,
  send: string | Buffer,
  options: { readonly end?: boolean } = {},
): Promise<Heard> {
  const { end = true } = options;
  const client = new Client(port);
  if (end) client.socket.end(send);
  else client.socket.write(send);
  return await client.closed();
}

/** What comes back from an echo behind a proxy with toxics, how it ends, and after how much of the clock. */
export async function through(
  toxics: readonly Toxic[],
  send: string | Buffer,
  options: Partial<FaultProxyOptions> & { readonly end?: boolean } = {},
): Promise<{ readonly text: string; readonly how: string; readonly ms: number }> {
  await using echo = await listenTcp();
  await using proxy = await FaultProxy.listen({ upstream: echo, ...options });
  for (const toxic of toxics) proxy.add(toxic);
  const clock = options.clock ?? systemClock;
  const started = clock.monotonicMs();
  const heard = talk(proxy.port, send, options);
  const { data, how } = await (clock instanceof VirtualClock ? clock.advanceUntil(heard) : heard);
  return { text: data.toString("latin1"), how, ms: Math.round(clock.monotonicMs() - started) };
}
