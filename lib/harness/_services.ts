import type { Clock } from "../base/clock.ts";
import type { SeededRandom } from "../base/random.ts";
import { MockDiscordServer } from "../mocks/discord/mock_discord_server.ts";
import type { FaultLog } from "../mocks/faults/fault_log.ts";
import { MockOllamaServer } from "../mocks/ollama/mock_ollama_server.ts";
import { MockVoiceServer } from "../mocks/voice/mock_voice_server.ts";
import type { CompanionEnvironment } from "./companion.ts";
import { Network } from "./_network.ts";
import type { PlatformName, TestEnvironmentOptions } from "./environment.ts";

// Restarts follow one another faster here than in a life: Discord's window of 5 s would only be waited for.
const IDENTIFY_LIMIT = { windowMs: 100 };

/** What the services of one environment share. */
export interface ServiceBasis {
  readonly clock: Clock;
  readonly random: SeededRandom;
  readonly faultLog: FaultLog;
}

/** The servers around a companion; ended together. */
export class Services implements AsyncDisposable {
  readonly discord: MockDiscordServer | undefined;
  readonly ollama: MockOllamaServer | undefined;
  readonly voice: MockVoiceServer | undefined;
  readonly network: Network;
  readonly #ends: AsyncDisposableStack;

  private constructor(
    discord: MockDiscordServer | undefined,
    ollama: MockOllamaServer | undefined,
    voice: MockVoiceServer | undefined,
    network: Network,
    ends: AsyncDisposableStack,
  ) {
    this.discord = discord;
    this.ollama = ollama;
    this.voice = voice;
    this.network = network;
    this.#ends = ends;
  }

  /** All that the options ask for; when one cannot start, those before it are ended. */
  static async start(
    platforms: readonly PlatformName[],
    basis: ServiceBasis,
    options: TestEnvironmentOptions,
  ): Promise<Services> {
    const { clock, faultLog } = basis;
    const { hasLlm = true, proxied = [] } = options;
    const network = new Network();
    const viaProxy = proxied.includes("discord") && {
      advertisedAddress: () => new URL(network.get("discord")!.address("http")).host,
    };
    const common = (name: string): object => ({ clock, faultLog, random: basis.random.stream(name) });
    await using starting = new AsyncDisposableStack();
    const started = await Promise.allSettled([
      platforms.includes("discord")
        ? MockDiscordServer.listen({
            identifyLimit: IDENTIFY_LIMIT,
            ...options.discord,
            ...common("discord"),
            ...viaProxy,
          })
        : undefined,
      hasLlm ? MockOllamaServer.listen({ ...options.ollama, ...common("ollama") }) : undefined,
      platforms.includes("voice")
        ? MockVoiceServer.listen({ ...options.voice, ...common("voice") })
        : undefined,
    ] as const);
    for (const each of started) if (each.status === "fulfilled" && each.value) starting.use(each.value);
    const failed = started.find((each) => each.status === "rejected");
    if (failed) throw failed.reason;
    const [discord, ollama, voice] = started.map((each) =>
      each.status === "fulfilled" ? each.value : undefined,
    ) as [MockDiscordServer | undefined, MockOllamaServer | undefined, MockVoiceServer | undefined];
    const addresses = { discord: discord?.apiUrl, ollama: ollama?.url, voice: voice?.url };
    starting.use(network);
    for (const service of new Set(proxied)) {
      const upstream = addresses[service];
      if (upstream !== undefined) await network.put(service, upstream, basis);
    }
    return new Services(discord, ollama, voice, network, starting.move());
  }

  /** What a companion is told of them. */
  get access(): Pick<CompanionEnvironment, "discord" | "ollama" | "voice"> {
    const { discord, ollama, voice, network } = this;
    return {
      discord: discord && { apiUrl: network.through("discord", discord.apiUrl), token: discord.token },
      ollama: ollama && { url: network.through("ollama", ollama.url), model: ollama.model },
      voice: voice && { url: network.through("voice", voice.url), token: voice.token },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#ends.disposeAsync();
  }
}
