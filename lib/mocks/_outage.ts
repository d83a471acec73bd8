import type { ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { Clock, ClockTimer } from "../base/clock.ts";
import type { LoopbackServer } from "./_loopback_server.ts";

/** Options of an outage. */
export interface OutageOptions {
  /**
   * How new connections fail. `unavailable`: the proxy before the dead service answers 503, as Cloudflare does for
   * Discord. `reset`: the connection is reset, as of a host whose process is gone.
   *
   * @default {"unavailable"} for Discord, {"reset"} for Ollama and voice
   */
  kind?: "unavailable" | "reset" | undefined;
}

const BODY = "upstream connect error or disconnect/reset before headers";

interface Running {
  readonly kind: "unavailable" | "reset";
  readonly server: LoopbackServer;
  readonly timer: ClockTimer | undefined;
  readonly over: PromiseWithResolvers<void>;
  readonly onEnd: () => void;
}

/** A time in which a server is dead to the world. */
export class Outage {
  readonly #clock: Clock;
  #running: Running | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get isOn(): boolean {
    return this.#running !== undefined;
  }

  /**
   * Resets all connections, and refuses new ones until `durationMs` have passed; replaces what is on.
   *
   * @param onEnd Called when the server is back, before the promise resolves.
   * @throws {RangeError} If `durationMs` is not a number >= 0.
   */
  begin(
    durationMs: number,
    server: LoopbackServer,
    options: OutageOptions,
    onEnd: () => void,
  ): Promise<void> {
    const { kind = "unavailable" } = options;
    if (!(durationMs >= 0)) {
      throw new RangeError(`Cannot begin outage: 'durationMs' must be >= 0, got ${durationMs}`);
    }
    const replaced = this.#running;
    replaced?.timer?.cancel();
    const timer = Number.isFinite(durationMs)
      ? this.#clock.setTimer(() => this.end(), durationMs, { keepAlive: false })
      : undefined;
    const over = Promise.withResolvers<void>();
    const endBoth = (): void => {
      replaced?.onEnd();
      replaced?.over.resolve();
      onEnd();
    };
    this.#running = { kind, server, timer, over, onEnd: endBoth };
    server.resetsConnections = kind === "reset";
    server.resetAll();
    return over.promise;
  }

  /** Ends it before its time. */
  end(): void {
    const running = this.#running;
    if (!running) return;
    this.#running = undefined;
    running.timer?.cancel();
    running.server.resetsConnections = false;
    running.onEnd();
    running.over.resolve();
  }

  /** Refuses a request if an outage is on, and says so. */
  refuseRequest(response: ServerResponse): boolean {
    if (!this.#running) return false;
    response.writeHead(503, { "content-type": "text/plain", connection: "close" }).end(BODY);
    return true;
  }

  /** Refuses an upgrade if an outage is on, and says so. */
  refuseUpgrade(socket: Duplex): boolean {
    if (!this.#running) return false;
    const headers = `Content-Type: text/plain\r\nContent-Length: ${BODY.length}\r\nConnection: close`;
    socket.end(`HTTP/1.1 503 Service Unavailable\r\n${headers}\r\n\r\n${BODY}`);
    return true;
  }
}
