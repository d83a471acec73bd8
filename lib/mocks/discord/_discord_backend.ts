import type { Clock } from "../../base/clock.ts";
import { SeededRandom } from "../../base/random.ts";
import { systemClock } from "../../base/system_clock.ts";
import { ClockLedger } from "../_clock_ledger.ts";
import { Outage } from "../_outage.ts";
import { CallLog } from "../call_log.ts";
import { FaultInjector } from "../faults/fault_injector.ts";
import { FaultLog } from "../faults/fault_log.ts";
import { ViolationLog } from "../violations.ts";
import { AttachmentStore } from "./_attachment_store.ts";
import { CommandStore } from "./_command_store.ts";
import type { DiscordScriptParts } from "./_discord_script.ts";
import { Interactions } from "./_interactions.ts";
import { Invocations } from "./_invocations.ts";
import { RateLimits } from "./_rate_limits.ts";
import { ReplyWatch } from "./_reply_watch.ts";
import { RequestWatch } from "./_request_watch.ts";
import { RestApi } from "./_rest_api.ts";
import type { SessionStartLimit } from "./_rest_context.ts";
import { createRestRouter } from "./_rest_setup.ts";
import { WebhookStore } from "./_webhook_store.ts";
import { DiscordWorld } from "./_world.ts";
import { type Publish, WorldChanges } from "./_world_changes.ts";
import type { DiscordFault } from "./discord_faults.ts";
import type { DiscordCall, MockDiscordOptions } from "./discord_options.ts";
import type { DiscordMessage } from "./discord_types.ts";

/** What the REST side needs of what is made after it: the gateway and the server. */
export interface BackendHooks {
  readonly publish: Publish;
  readonly isConnected: () => boolean;
  /** Where the server listens: `127.0.0.1:12345`. */
  readonly address: () => string;
  readonly sessionStartLimit: () => SessionStartLimit;
  readonly onReply: (message: DiscordMessage) => void;
}

const MANY_PER_SECOND = { limit: 50, windowMs: 1000 };

/** Everything of the mock but its sockets and its gateway. */
export class DiscordBackend {
  readonly clock: Clock;
  readonly random: SeededRandom;
  readonly ledger: ClockLedger;
  readonly world: DiscordWorld;
  readonly token: string;
  readonly calls: CallLog<DiscordCall>;
  readonly violations: ViolationLog;
  readonly faults: FaultInjector<DiscordFault>;
  readonly outage: Outage;
  readonly limits: RateLimits;
  readonly script: DiscordScriptParts;
  readonly rest: RestApi;
  readonly #attachments: AttachmentStore;
  readonly #replyWatch: ReplyWatch;
  readonly #requestWatch: RequestWatch;
  #hooks: BackendHooks | undefined;

  constructor(options: MockDiscordOptions) {
    const { clock = systemClock, random = new SeededRandom("discord") } = options;
    const { faultLog: log = new FaultLog({ clock }), replyPatienceMs: patienceMs = 5000 } = options;
    const { rateLimit = MANY_PER_SECOND, globalRateLimit = MANY_PER_SECOND } = options;
    const { botName = "Demi", guildName = "Test Guild", channels = ["general"], botPermissions } = options;
    const { historyLimit = 1000 } = options;
    this.clock = clock;
    this.random = random;
    this.ledger = ClockLedger.of(clock);
    this.world = new DiscordWorld(clock, { botName, guildName, channels, botPermissions, historyLimit });
    this.token =
      options.token ?? `${Buffer.from(this.world.bot.id).toString("base64url")}.mocked.token-of-no-use`;
    this.calls = new CallLog({ clock });
    this.violations = new ViolationLog({ source: "discord", clock });
    this.faults = new FaultInjector({ source: "discord", clock, random: random.stream("faults"), log });
    this.outage = new Outage(clock);
    this.limits = new RateLimits(clock, rateLimit, globalRateLimit);
    this.#requestWatch = new RequestWatch(clock, this.violations);
    this.#replyWatch = new ReplyWatch(clock, this.world, this.violations);
    this.#attachments = new AttachmentStore(() => `http://${this.#hooks!.address()}`);
    const changes = new WorldChanges(this.world, (event) => this.#hooks!.publish(event));
    const commands = new CommandStore(this.world);
    const interactions = new Interactions(this.world, random.stream("tokens"));
    const isConnected = (): boolean => this.#hooks!.isConnected();
    const common = { clock, changes, commands, interactions, ledger: this.ledger };
    const invocations = new Invocations({ ...common, patienceMs, isConnected });
    const attachments = this.#attachments;
    this.script = { clock, changes, attachments, invocations, replyWatch: this.#replyWatch };
    this.rest = this.#createRest(changes, commands, interactions, options);
  }

  /** Must be called before anything happens. */
  connect(hooks: BackendHooks): void {
    this.#hooks = hooks;
  }

  #createRest(
    changes: WorldChanges,
    commands: CommandStore,
    interactions: Interactions,
    { onError = console.error, shards = 1 }: MockDiscordOptions,
  ): RestApi {
    const { world, calls, token, limits, outage, faults, clock, ledger } = this;
    const router = createRestRouter({
      world,
      changes,
      commands,
      interactions,
      attachments: this.#attachments,
      webhooks: new WebhookStore(),
      shards,
      gatewayUrl: () => `ws://${this.#hooks!.address()}`,
      sessionStartLimit: () => this.#hooks!.sessionStartLimit(),
      onReply: (message) => {
        this.#replyWatch.replied(message);
        this.#hooks!.onReply(message);
      },
      onAsked: (message) => this.#replyWatch.asked(message),
      onReference: (channelId, messageId) => this.#replyWatch.referred(channelId, messageId),
    });
    return new RestApi({
      token,
      router,
      limits,
      outage,
      faults,
      clock,
      ledger,
      onError,
      watch: this.#requestWatch,
      onCall: (method, path, status = 0) => calls.record({ kind: "rest", method, path, status }),
      onLostResponse: (result) => this.#lost(result),
    });
  }

  // Only what created a message can have been an answer.
  #lost(result: unknown): void {
    if (typeof result !== "object" || result === null) return;
    const { id, channel_id: channelId } = result as Record<string, unknown>;
    if (typeof id === "string" && typeof channelId === "string") this.#replyWatch.lost(channelId, id);
  }
}
