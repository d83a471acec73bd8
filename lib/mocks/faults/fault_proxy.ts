import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import type { Clock } from "../../base/clock.ts";
import { SeededRandom } from "../../base/random.ts";
import { systemClock } from "../../base/system_clock.ts";
import { FaultInjector, type InjectedFault } from "./fault_injector.ts";
import { FaultLog } from "./fault_log.ts";
import { type FaultSchedule, ScheduledFault } from "./fault_schedule.ts";
import { Pipe, type PipeBasis } from "./_pipe.ts";
import { checkToxic, type ConnectionFault, type Toxic } from "./toxics.ts";

/** Options of {@linkcode FaultProxy.listen}. */
export interface FaultProxyOptions {
  /** Where connections lead: an address such as `http://127.0.0.1:11434`, or host and port. */
  readonly upstream: string | { readonly host: string; readonly port: number };
  /** Port on 127.0.0.1; 0 takes a free one. @default {0} */
  readonly port?: number | undefined;
  /** Names the proxy in the log. @default {"proxy"} */
  readonly name?: string | undefined;
  /** Time of delays, rates and schedules. @default {systemClock} */
  readonly clock?: Clock | undefined;
  /** @default {new SeededRandom(name)} */
  readonly random?: SeededRandom | undefined;
  /** Where faults that strike are noted. @default a log of its own */
  readonly faultLog?: FaultLog | undefined;
}

/** A toxic that was added. Disposing it removes it, also from connections that are open. */
export interface AddedToxic extends Disposable {
  readonly toxic: Toxic;
  /** Replaces it by another of any kind, on open connections too. @throws {RangeError} As `add` does. */
  update(toxic: Toxic): void;
  remove(): void;
}

interface Active {
  toxic: Toxic;
  readonly index: number;
  readonly scheduled: ScheduledFault;
}

interface Connection {
  readonly index: number;
  readonly client: Socket;
  readonly server: Socket;
  readonly pipes: Readonly<Record<"upstream" | "downstream", Pipe>>;
  /** Toxics that the roll put on it. */
  readonly on: Set<Active>;
}

/**
 * A TCP proxy on loopback that makes a network bad: latency, rates, cuts, resets, with the toxics of Toxiproxy and
 * their meaning, each on a schedule, and with faults of its own. Everything random comes from one seed, and each
 * strike is logged by connection and byte.
 *
 * @example Each first request fails
 * ```ts
 * import assert from "node:assert/strict";
 * import { FaultProxy, MockOllamaServer } from "demi-health/mocks";
 *
 * await using ollama = await MockOllamaServer.listen();
 * await using proxy = await FaultProxy.listen({ upstream: ollama.url });
 * proxy.failConnections({ kind: "reset" }, { times: 1 });
 * await assert.rejects(fetch(proxy.address("http")));
 * assert.equal((await fetch(proxy.address("http"))).status, 200);
 * ```
 *
 * @see https://github.com/Shopify/toxiproxy#toxics
 */
export class FaultProxy implements AsyncDisposable {
  readonly faultLog: FaultLog;
  readonly #name: string;
  readonly #clock: Clock;
  readonly #random: SeededRandom;
  readonly #target: { readonly host: string; readonly port: number };
  readonly #toxics: Active[] = [];
  readonly #connections = new Set<Connection>();
  readonly #failures: FaultInjector<ConnectionFault>;
  #server: Server | undefined;
  #port = 0;
  #accepted = 0;
  #added = 0;

  private constructor(options: FaultProxyOptions) {
    const { name = "proxy", clock = systemClock } = options;
    this.#name = name;
    this.#clock = clock;
    this.#random = options.random ?? new SeededRandom(name);
    this.faultLog = options.faultLog ?? new FaultLog({ clock });
    this.#target = toTarget(options.upstream);
    this.#failures = new FaultInjector({
      source: name,
      clock,
      random: this.#random.stream("connections"),
      log: this.faultLog,
    });
  }

  /**
   * @throws {TypeError} If `upstream` is no address.
   * @throws {Error} If the port is taken.
   */
  static async listen(options: FaultProxyOptions): Promise<FaultProxy> {
    const proxy = new FaultProxy(options);
    proxy.#port = options.port ?? 0;
    await proxy.up();
    return proxy;
  }

  get port(): number {
    return this.#port;
  }

  get isDown(): boolean {
    return this.#server === undefined;
  }

  /** Number of connections that are open. */
  get connections(): number {
    return this.#connections.size;
  }

  /** Address for clients, such as `http://127.0.0.1:4711` for `http`. */
  address(protocol: string): string {
    return `${protocol}://127.0.0.1:${this.#port}`;
  }

  /**
   * Adds a toxic behind those that are there, on open connections, too.
   *
   * @param schedule An occasion is a connection: `{ times: 2 }` is on the next two.
   * @throws {RangeError} If a number is out of its range.
   */
  add(toxic: Toxic, schedule: FaultSchedule = {}): AddedToxic {
    checkToxic(toxic);
    const index = this.#added++;
    const random = this.#random.stream(`schedule of toxic ${index}`);
    const active: Active = { toxic, index, scheduled: new ScheduledFault(schedule, this.#clock, random) };
    this.#toxics.push(active);
    for (const connection of this.#connections) this.#put(active, connection);
    const remove = (): void => this.#remove(active);
    return {
      get toxic() {
        return active.toxic;
      },
      update: (next) => this.#update(active, next),
      remove,
      [Symbol.dispose]: remove,
    };
  }

  /** Faults of whole connections: the next ones, or those that the schedule says. */
  failConnections(fault: ConnectionFault, schedule: FaultSchedule = {}): InjectedFault {
    return this.#failures.inject(fault, schedule);
  }

  /** Resets every open connection. */
  resetAll(): void {
    for (const { client, server } of this.#connections) {
      reset(client);
      reset(server);
    }
  }

  /** Closes the listener and every connection: new ones are refused. */
  async down(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#server = undefined;
    const closed = once(server, "close");
    server.close();
    for (const connection of this.#connections) this.#end(connection);
    await closed;
  }

  /** Listens again, on the same port. */
  async up(): Promise<void> {
    if (this.#server) return;
    const server = createServer({ allowHalfOpen: true }, (client) => this.#accept(client));
    server.listen(this.#port, "127.0.0.1");
    try {
      await once(server, "listening");
    } catch (cause) {
      throw new Error(`Cannot start proxy '${this.#name}': 'port' must be free, got ${this.#port}`, {
        cause,
      });
    }
    this.#server = server;
    this.#port = (server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.down();
  }

  #accept(client: Socket): void {
    const index = this.#accepted++;
    client.on("error", () => {}); // a peer that resets is its own business
    const fault = this.#failures.isArmed
      ? this.#failures.strike(isConnectionFault, `connection ${index}`)
      : undefined;
    if (fault?.kind === "refuse") return void client.destroy();
    if (fault?.kind === "reset") return reset(client);
    if (fault?.kind === "empty_response") return void client.once("data", () => client.end());
    if (fault?.kind === "half_open") return void client.pause();
    this.#connect(index, client);
  }

  #connect(index: number, client: Socket): void {
    const server = connect({ ...this.#target, allowHalfOpen: true });
    server.on("error", () => reset(client));
    const resetBoth = (): void => {
      reset(client);
      reset(server);
    };
    const pipe = (stream: "upstream" | "downstream", from: Socket, to: Socket): Pipe => {
      const basis: PipeBasis = {
        clock: this.#clock,
        random: this.#random.stream(`connection ${index} ${stream}`),
        source: this.faultLog.source(`${this.#name} connection ${index} ${stream}`),
        close: (last) => {
          last.end();
          (last === client ? server : client).destroy();
        },
        reset: resetBoth,
      };
      return new Pipe(from, to, basis);
    };
    const pipes = {
      upstream: pipe("upstream", client, server),
      downstream: pipe("downstream", server, client),
    };
    const connection: Connection = { index, client, server, pipes, on: new Set() };
    this.#connections.add(connection);
    for (const active of this.#toxics) this.#put(active, connection);
    client.once("close", () => this.#end(connection));
    server.once("close", () => this.#closed(connection));
    pipes.upstream.start();
    pipes.downstream.start();
  }

  #put(active: Active, connection: Connection): void {
    const { toxicity = 1, stream = "downstream" } = active.toxic;
    const roll = this.#random.stream(`toxicity ${connection.index} ${active.index}`);
    if (!active.scheduled.occasion() || !roll.chance(toxicity)) return;
    connection.on.add(active);
    connection.pipes[stream].add(active.toxic);
  }

  #remove(active: Active): void {
    const index = this.#toxics.indexOf(active);
    if (index < 0) return;
    this.#toxics.splice(index, 1);
    for (const { on, pipes } of this.#connections) {
      if (on.delete(active)) for (const pipe of Object.values(pipes)) pipe.remove(active.toxic);
    }
  }

  #update(active: Active, next: Toxic): void {
    checkToxic(next);
    const { toxic } = active;
    active.toxic = next;
    for (const { on, pipes } of this.#connections) {
      if (!on.has(active)) continue;
      pipes[toxic.stream ?? "downstream"].remove(toxic);
      pipes[next.stream ?? "downstream"].add(next);
    }
  }

  // The server has ended, but what it sent may still be on its way through slow toxics.
  #closed(connection: Connection): void {
    if (connection.client.destroyed) this.#end(connection);
  }

  #end(connection: Connection): void {
    if (!this.#connections.delete(connection)) return;
    for (const pipe of Object.values(connection.pipes)) pipe.stop();
    connection.client.destroy();
    connection.server.destroy();
  }
}

function isConnectionFault(_fault: ConnectionFault): _fault is ConnectionFault {
  return true;
}

function reset(socket: Socket): void {
  if (typeof socket.resetAndDestroy === "function") socket.resetAndDestroy();
  else socket.destroy();
}

function toTarget(upstream: FaultProxyOptions["upstream"]): { readonly host: string; readonly port: number } {
  if (typeof upstream !== "string") return upstream;
  const url = URL.parse(upstream);
  const isSecure = url?.protocol === "https:" || url?.protocol === "wss:";
  if (!url?.hostname)
    throw new TypeError(`Cannot start proxy: 'upstream' must be an address, got ${upstream}`);
  return { host: url.hostname, port: url.port === "" ? (isSecure ? 443 : 80) : Number(url.port) };
}
