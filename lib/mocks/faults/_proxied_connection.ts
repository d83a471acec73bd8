import { connect, type Socket } from "node:net";
import type { Clock } from "../../base/clock.ts";
import type { SeededRandom } from "../../base/random.ts";
import type { FaultLog } from "./fault_log.ts";
import { Pipe } from "./_pipe.ts";
import type { Toxic } from "./toxics.ts";

type Direction = "upstream" | "downstream";

/** What a {@linkcode ProxiedConnection} works with. */
export interface ProxiedConnectionOptions {
  readonly index: number;
  readonly client: Socket;
  readonly target: { readonly host: string; readonly port: number };
  readonly clock: Clock;
  readonly random: SeededRandom;
  readonly faultLog: FaultLog;
  /** Names the proxy. */
  readonly name: string;
  /** Both sides are closed. */
  readonly onClose: () => void;
}

/** A client's connection, the one to the server behind it, and what passes between them. */
export class ProxiedConnection {
  readonly index: number;
  readonly #options: ProxiedConnectionOptions;
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #pipes: Readonly<Record<Direction, Pipe>>;
  readonly #abandoned = new AbortController();
  #isClosing = false;

  constructor(options: ProxiedConnectionOptions) {
    const { index, client, target } = options;
    this.index = index;
    this.#options = options;
    this.#client = client;
    this.#server = connect({ ...target, allowHalfOpen: true, noDelay: true });
    this.#pipes = {
      upstream: this.#makePipe("upstream", client, this.#server),
      downstream: this.#makePipe("downstream", this.#server, client),
    };
    this.#join(client, this.#server, "upstream");
    this.#join(this.#server, client, "downstream");
    client.once("end", () => this.#abandoned.abort());
    this.#pipes.upstream.start();
    this.#pipes.downstream.start();
  }

  /** Bytes that each side sent. */
  get bytes(): Readonly<Record<Direction, number>> {
    return { upstream: this.#pipes.upstream.bytes, downstream: this.#pipes.downstream.bytes };
  }

  set(order: number, toxic: Toxic): void {
    this.#pipes[toxic.stream ?? "downstream"].set(order, toxic);
  }

  clear(order: number): void {
    for (const pipe of Object.values(this.#pipes)) pipe.clear(order);
  }

  /** Closes both sides at once; what is on its way is lost. */
  destroy(): void {
    this.#stop();
    this.#client.destroy();
    this.#server.destroy();
  }

  /** Both sides see ECONNRESET. */
  reset(): void {
    this.#stop();
    resetSocket(this.#client);
    resetSocket(this.#server);
  }

  #makePipe(direction: Direction, from: Socket, to: Socket): Pipe {
    const { index, clock, random, faultLog, name } = this.#options;
    return new Pipe(from, to, {
      clock,
      random: random.stream(`connection ${index} ${direction}`),
      source: faultLog.source(`${name} connection ${index} ${direction}`),
      abandoned: this.#abandoned.signal,
      close: () => this.#close(direction, to),
      reset: () => this.reset(),
      onEnd: () => {
        if (this.#isClosing || from.destroyed) closeWhenWritten(to);
      },
    });
  }

  /** What happens to one side happens to the other. */
  #join(socket: Socket, other: Socket, direction: Direction): void {
    socket.on("error", () => {
      this.#stop();
      resetSocket(other);
    });
    socket.once("close", () => {
      if (this.#pipes[direction].hasEnded) closeWhenWritten(other);
      else this.#pipes[direction].cutOff();
      if (!other.destroyed) return;
      this.#stop();
      this.#options.onClose();
    });
  }

  // The side to which a direction leads is closed at once, as by close(2). The other hears of it behind what was on its
  // way to it.
  #close(direction: Direction, to: Socket): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#pipes[direction].stop();
    closeWhenWritten(to);
    this.#pipes[direction === "upstream" ? "downstream" : "upstream"].cutOff();
  }

  #stop(): void {
    this.#abandoned.abort();
    this.#pipes.upstream.stop();
    this.#pipes.downstream.stop();
  }
}

/** Closes a socket when what was written to it is on its way; what still comes is not read. */
export function closeWhenWritten(socket: Socket): void {
  if (socket.destroyed) return;
  socket.resume();
  if (socket.writableFinished) return void socket.destroy();
  socket.once("finish", () => socket.destroy());
  if (!socket.writableEnded) socket.end();
}

/** Ends a connection by RST: `destroy()` would send FIN. */
export function resetSocket(socket: Socket): void {
  if (socket.destroyed) return;
  if (socket.connecting) socket.destroy();
  else socket.resetAndDestroy();
}
