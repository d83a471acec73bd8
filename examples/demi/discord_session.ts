import {
  Client,
  type FetchingStrategyOptions,
  GatewayIntentBits,
  type IShardingStrategy,
  Options,
  Partials,
  SimpleShardingStrategy,
  Status,
} from "discord.js";
import { type Agent, fetch } from "undici";
import type { Clock } from "../../lib/base/clock.ts";
import { systemClock } from "../../lib/base/system_clock.ts";
import { RequestBudget } from "./request_budget.ts";

// A wire's own liveness runs on real time, whatever clock Demi lives on.
const HANDSHAKE_TIMEOUT_MS = 5000;
const HELLO_TIMEOUT_MS = 5000;
const READY_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 10_000;
const GOODBYE_TIMEOUT_MS = 500;
const REQUESTS_PER_SECOND = 50; // Discord's limit for all requests of a bot

/** What is used of the websocket of a shard; `ws` and the runtime's own differ in the rest. */
interface RawConnection {
  terminate?(): void;
  readonly _socket?: { resetAndDestroy?(): void } | null;
}

/** One life of a discord.js client. A retired one never connects again, which discord.js alone does not promise. */
export class DiscordSession {
  readonly client: Client;
  readonly #onHeartbeat: (latencyMs: number) => void;
  #strategy: SimpleShardingStrategy | undefined;
  #retired = false;

  /**
   * @param clock Of the limit of requests a second. discord.js would count seconds of real time, in which a week
   *   may pass.
   * @param agent Connections for REST: one's own, so that they can be reset.
   * @param onHeartbeat Called for each heartbeat that was acknowledged. discord.js's own `ping` keeps its last value
   *   when the acknowledgements stop.
   */
  constructor(apiUrl: string, clock: Clock, agent: Agent, onHeartbeat: (latencyMs: number) => void) {
    this.#onHeartbeat = onHeartbeat;
    const budget = new RequestBudget(clock, REQUESTS_PER_SECOND);
    this.client = new Client({
      intents: [
        GatewayIntentBits.Guilds,
        GatewayIntentBits.GuildMessages,
        GatewayIntentBits.MessageContent,
        GatewayIntentBits.DirectMessages,
      ],
      partials: [Partials.Channel], // without it discord.js drops messages of channels it has not seen: all DMs
      makeCache: Options.cacheWithLimits({
        ...Options.DefaultMakeCacheSettings,
        MessageManager: 20,
        UserManager: { maxSize: 500, keepOverLimit: (user) => user.id === user.client.user.id },
        GuildMemberManager: { maxSize: 500, keepOverLimit: (member) => member.id === member.client.user.id },
      }),
      rest: {
        api: apiUrl,
        retries: 2,
        globalRequestsPerSecond: Infinity,
        timeout: REQUEST_TIMEOUT_MS,
        makeRequest: async (url, init) => {
          await budget.take();
          return (await request(url, init, agent)) as never;
        },
      },
      ws: { buildStrategy: (manager) => this.#buildStrategy(manager) },
    });
  }

  /** Logs out. */
  async retire(): Promise<void> {
    this.#retired = true;
    const { client } = this;
    client.removeAllListeners();
    client.on("error", () => undefined); // an event of this name without a listener would throw
    const ready =
      client.ws.shards.size > 0 && client.ws.shards.every((shard) => shard.status === Status.Ready);
    if (ready) {
      const goodbye = client.destroy().catch(() => undefined);
      await Promise.race([goodbye, systemClock.sleep(GOODBYE_TIMEOUT_MS, { keepAlive: false })]);
    }
    // destroy() of a client that is just connecting leaves its socket without an error handler: a later refusal
    // would end the process. Cut instead, the shard runs into the parked lookup below.
    this.terminate();
    client.rest.clearHashSweeper();
    client.rest.clearHandlerSweeper();
  }

  /** No goodbye: the gateway connection is reset, and no further one made. */
  abandon(): void {
    this.#retired = true;
    this.client.removeAllListeners();
    this.client.on("error", () => undefined);
    this.#eachConnection((connection) => {
      if (connection._socket?.resetAndDestroy) connection._socket.resetAndDestroy();
      else connection.terminate?.();
    });
    void this.retire();
  }

  /** Cuts the gateway connection, whatever it waits for. discord.js makes a new one unless retired. */
  terminate(): void {
    this.#eachConnection((connection) => connection.terminate?.());
  }

  #eachConnection(visit: (connection: RawConnection) => void): void {
    // the shards of a strategy are private to TypeScript only; without them discord.js's own time limits apply
    const { shards } = this.#strategy as unknown as {
      shards?: Map<number, { connection: RawConnection | null }>;
    };
    for (const { connection } of shards?.values() ?? []) if (connection) visit(connection);
  }

  #buildStrategy(manager: ConstructorParameters<typeof SimpleShardingStrategy>[0]): IShardingStrategy {
    const options = manager.options as Partial<FetchingStrategyOptions> & typeof manager.options;
    options.handshakeTimeout = HANDSHAKE_TIMEOUT_MS;
    options.helloTimeout = HELLO_TIMEOUT_MS;
    options.readyTimeout = READY_TIMEOUT_MS;
    const { retrieveSessionInfo } = options;
    // a shard that is between two connections cannot be stopped; parked before the next, it is garbage
    options.retrieveSessionInfo = (shard) =>
      this.#retired ? new Promise(() => undefined) : retrieveSessionInfo(shard);
    // discord.js exports an older enum under the name of the one that has this event
    const events = manager as unknown as NodeJS.EventEmitter;
    events.on("heartbeat", ({ latency }: { latency: number }) => this.#onHeartbeat(latency));
    this.#strategy = new SimpleShardingStrategy(manager);
    return this.#strategy;
  }
}

function request(url: string, init: object, dispatcher: Agent): Promise<unknown> {
  const { signal } = init as { signal?: AbortSignal };
  const limit = AbortSignal.timeout(REQUEST_TIMEOUT_MS); // the library's own ends with the headers, not the body
  return fetch(url, { ...init, dispatcher, signal: signal ? AbortSignal.any([signal, limit]) : limit });
}
