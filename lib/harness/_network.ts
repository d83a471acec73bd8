import type { Clock } from "../base/clock.ts";
import type { SeededRandom } from "../base/random.ts";
import type { FaultLog } from "../mocks/faults/fault_log.ts";
import { FaultProxy } from "../mocks/faults/fault_proxy.ts";
import type { NetworkService } from "./environment.ts";

interface NetworkBasis {
  readonly clock: Clock;
  readonly random: SeededRandom;
  readonly faultLog: FaultLog;
}

/** The proxies between a companion and those services whose network can be made bad. */
export class Network implements AsyncDisposable {
  readonly #proxies = new Map<NetworkService, FaultProxy>();

  /** A proxy before a service; toxics on it take the environment's clock, as the companion's own time limits do. */
  async put(service: NetworkService, upstream: string, basis: NetworkBasis): Promise<void> {
    const { clock, faultLog } = basis;
    const name = `network of ${service}`;
    const random = basis.random.stream(name);
    this.#proxies.set(service, await FaultProxy.listen({ upstream, name, clock, faultLog, random }));
  }

  /** Undefined where a service is reached directly. */
  get(service: NetworkService): FaultProxy | undefined {
    return this.#proxies.get(service);
  }

  /** An address of that service, as a companion is told it. */
  through(service: NetworkService, address: string): string {
    const proxy = this.#proxies.get(service);
    if (!proxy) return address;
    const { protocol, host } = new URL(address);
    return address.replace(`${protocol}//${host}`, proxy.address(protocol.slice(0, -1)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#proxies.values()].map((proxy) => proxy[Symbol.asyncDispose]()));
  }
}
