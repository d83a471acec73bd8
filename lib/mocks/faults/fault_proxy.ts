import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import type { Clock, ClockTimer } from "../../base/clock.ts";
import { SeededRandom } from "../../base/random.ts";
import { systemClock } from "../../base/system_clock.ts";
import { FaultInjector, type InjectedFault } from "./fault_injector.ts";
import { FaultLog } from "./fault_log.ts";
import type { FaultSchedule } from "./fault_schedule.ts";
import { PlacedToxic } from "./_placed_toxic.ts";
import { closeWhenWritten, ProxiedConnection, resetSocket } from "./_proxied_connection.ts";
import type { ConnectionFault, Toxic } from "./toxics.ts";

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
  /** Number of connections that it was put on so far. */
  readonly strikes: number;
  /**
   * Replaces it in its place, on open connections, too; what it held back passes. `limit_data` goes on counting, and
   * the toxicity is rolled anew.
   *
   * @throws {RangeError} As {@linkcode FaultProxy.add} does.
   */
  update(toxic: Toxic): void;
  remove(): void;
}

/** A connection through a {@linkcode FaultProxy}. */
export interface ProxyConnection {
  /** Position among all connections that were ever accepted, from 0; those that failed at once count, too. */
  readonly index: number;
  /** Bytes that the client sent and the server. */
  readonly bytes: { readonly upstream: number; readonly downstream: number };
  /** Resets both sides: they see ECONNRESET. */
  reset(): void;
}

/**
 * A TCP proxy on loopback that makes a network bad: latency, rates, cuts, resets, with the toxics of Toxiproxy and
 * their meaning, each on a schedule, and with faults of its own. Everything random comes from one seed, and each
 * strike is logged by connection and byte. Where nothing is added it changes nothing, a half-closed connection and a
 * reset included.
 *
 * @example Each first request fails
 * ```ts
 * import assert from "node:assert/strict";
 * import { FaultProxy, MockOllamaServer } from "demi-health/mocks";
 *
 * await using ollama = await MockOllamaServer.listen();
 * await using proxy = await FaultProxy.listen({ upstream: ollama.url });
 * proxy.failFirst(1);
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
  readonly #toxics = new Set<PlacedToxic>();
  readonly #connections = new Set<ProxiedConnection>();
  /** Connections that a fault keeps from the server. */
  readonly #strays = new Set<Socket>();
  readonly #failures: FaultInjector<ConnectionFault>;
  #server: Server | undefined;
  #port: number;
  #accepted = 0;
  #added = 0;
  #outage: { readonly timer: ClockTimer; readonly over: PromiseWithResolvers<void> } | undefined;

  private constructor(options: FaultProxyOptions) {
    const { name = "proxy", clock = systemClock, random = new SeededRandom(name), port = 0 } = options;
    this.#name = name;
    this.#clock = clock;
    this.#random = random;
    this.#port = port;
    this.#target = toTarget(options.upstream);
    this.faultLog = options.faultLog ?? new FaultLog({ clock });
    this.#failures = new FaultInjector({
      source: name,
      clock,
      random: random.stream("connections"),
      log: this.faultLog,
    });
  }

  /**
   * @throws {TypeError} If `upstream` is no address.
   * @throws {RangeError} If `port` is not a port number.
   * @throws {Error} If the port is taken.
   */
  static async listen(options: FaultProxyOptions): Promise<FaultProxy> {
    const { port = 0 } = options;
    if (!(Number.isInteger(port) && port >= 0 && port <= 65_535)) {
      throw new RangeError(`Cannot start proxy: 'port' must be an integer in [0, 65535], got ${port}`);
    }
    const proxy = new FaultProxy(options);
    await proxy.up();
    return proxy;
  }

  get port(): number {
    return this.#port;
  }

  get isDown(): boolean {
    return this.#server === undefined;
  }

  /** Connections that are open, in the order in which they were accepted. */
  get connections(): readonly ProxyConnection[] {
    return [...this.#connections];
  }

  /** Address for clients, such as `http://127.0.0.1:4711` for `http`. */
  address(protocol: string): string {
    return `${protocol}://127.0.0.1:${this.#port}`;
  }

  /**
   * Adds a toxic behind those that are there, on open connections, too.
   *
   * @param schedule An occasion is a connection: `{ times: 2 }` is on the next two. Windows are spans of the clock, in
   *   which the toxic comes to connections that are open, and leaves them again.
   * @throws {RangeError} If a number is out of its range.
   */
  add(toxic: Toxic, schedule: FaultSchedule = {}): AddedToxic {
    const order = this.#added;
    const random = this.#random.stream(`toxic ${order}`);
    const placed = new PlacedToxic(toxic, { order, schedule, clock: this.#clock, random });
    this.#added++;
    this.#toxics.add(placed);
    for (const connection of this.#connections) placed.offer(connection);
    const remove = (): void => {
      if (this.#toxics.delete(placed)) placed.remove();
    };
    return {
      get toxic() {
        return placed.toxic;
      },
      get strikes() {
        return placed.strikes;
      },
      update: (next) => placed.update(next),
      remove,
      [Symbol.dispose]: remove,
    };
  }

  /**
   * Faults of whole connections, as they are made.
   *
   * @param schedule An occasion is a connection. @default all
   * @throws {RangeError} If a number of the schedule is out of its range.
   */
  failConnections(fault: ConnectionFault, schedule: FaultSchedule = {}): InjectedFault {
    return this.#failures.inject(fault, schedule);
  }

  /** The next `count` connections fail. @throws {RangeError} If `count` is not an integer of at least 1. */
  failFirst(count: number, fault: ConnectionFault = { kind: "reset" }): InjectedFault {
    return this.failConnections(fault, { times: count });
  }

  /** Resets every open connection. */
  resetAll(): void {
    for (const socket of this.#strays) resetSocket(socket);
    for (const connection of this.#connections) connection.reset();
  }

  /** Closes the listener and every connection: new ones are refused. */
  async down(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#server = undefined;
    const closed = once(server, "close");
    server.close();
    for (const socket of this.#strays) socket.destroy();
    for (const connection of this.#connections) connection.destroy();
    await closed;
  }

  /** Listens again, on the same port. Ends an outage. @throws {Error} If somebody else has the port now. */
  async up(): Promise<void> {
    const outage = this.#outage;
    this.#outage = undefined;
    outage?.timer.cancel();
    if (!this.#server) await this.#listen();
    outage?.over.resolve();
  }

  /**
   * Goes down, and comes up again after so much of the clock; replaces an outage that is on.
   *
   * @returns Resolves when it is up again. Rejects as {@linkcode FaultProxy.up} does.
   * @throws {RangeError} If `durationMs` is not a number >= 0.
   */
  async outage(durationMs: number): Promise<void> {
    if (!(durationMs >= 0)) {
      throw new RangeError(`Cannot begin outage: 'durationMs' must be >= 0, got ${durationMs}`);
    }
    const { over = Promise.withResolvers<void>(), timer: before } = this.#outage ?? {};
    before?.cancel();
    const end = (): void => void this.#clock.track(this.up(), "proxy up").catch(over.reject);
    const timer =
      durationMs === Infinity
        ? { cancel() {}, [Symbol.dispose]() {} }
        : this.#clock.setTimer(end, durationMs, { keepAlive: false });
    this.#outage = { timer, over };
    await this.down();
    await over.promise;
  }

  /** Comes up again before the time of an outage is over. */
  async endOutage(): Promise<void> {
    if (this.#outage) await this.up();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const placed of this.#toxics) placed.remove();
    this.#toxics.clear();
    this.#outage?.timer.cancel();
    this.#outage?.over.resolve();
    this.#outage = undefined;
    await this.down();
  }

  async #listen(): Promise<void> {
    const options = { allowHalfOpen: true, noDelay: true };
    const server = createServer(options, (client) => this.#accept(client));
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

  #accept(client: Socket): void {
    const index = this.#accepted++;
    const fault = this.#failures.isArmed
      ? this.#failures.strike(isConnectionFault, `connection ${index}`)
      : undefined;
    if (fault) this.#fail(client, fault);
    else this.#connect(index, client);
  }

  #fail(client: Socket, fault: ConnectionFault): void {
    this.#strays.add(client);
    client.on("error", () => {}); // a peer that resets is its own business
    client.once("close", () => this.#strays.delete(client));
    client.once("end", () => closeWhenWritten(client));
    if (fault.kind === "refuse") client.destroy();
    else if (fault.kind === "reset") resetSocket(client);
    else if (fault.kind === "empty_response") client.once("data", () => closeWhenWritten(client));
    else client.resume();
  }

  #connect(index: number, client: Socket): void {
    const connection: ProxiedConnection = new ProxiedConnection({
      index,
      client,
      target: this.#target,
      clock: this.#clock,
      random: this.#random,
      faultLog: this.faultLog,
      name: this.#name,
      onClose: () => {
        this.#connections.delete(connection);
        for (const placed of this.#toxics) placed.forget(connection);
      },
    });
    this.#connections.add(connection);
    for (const placed of this.#toxics) placed.offer(connection);
  }
}

function isConnectionFault(_fault: ConnectionFault): _fault is ConnectionFault {
  return true;
}

function toTarget(upstream: FaultProxyOptions["upstream"]): { readonly host: string; readonly port: number } {
  if (typeof upstream !== "string") return upstream;
  const url = URL.parse(upstream);
  if (!url?.hostname) {
    throw new TypeError(`Cannot start proxy: 'upstream' must be an address, got ${upstream}`);
  }
  const isSecure = url.protocol === "https:" || url.protocol === "wss:";
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1"); // an IPv6 address has brackets in a URL only
  return { host, port: url.port === "" ? (isSecure ? 443 : 80) : Number(url.port) };
}
