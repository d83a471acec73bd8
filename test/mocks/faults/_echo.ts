import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A TCP server that says what `script` says to each connection, or echoes. */
export async function listenTcp(
  script: (socket: Socket) => void = (socket) => void socket.pipe(socket),
): Promise<AsyncDisposable & { readonly port: number }> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    script(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
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

/** Sends bytes, ends, and gives what came back until the connection closed. */
export async function talk(
  port: number,
  send: string | Buffer,
  options: { end?: boolean } = {},
): Promise<Heard> {
  const { end = true } = options;
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  const chunks: Buffer[] = [];
  let how = "close";
  socket.on("data", (chunk: Buffer) => void chunks.push(chunk));
  socket.on("end", () => {
    how = "end";
    socket.end();
  });
  socket.on("error", (error: Error & { code?: string }) => (how = error.code ?? error.message));
  if (end) socket.end(send);
  else socket.write(send);
  await new Promise((resolve) => socket.once("close", resolve));
  return { data: Buffer.concat(chunks), how };
}
