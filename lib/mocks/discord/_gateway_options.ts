import type { Clock } from "../../base/clock.ts";
import type { SeededRandom } from "../../base/random.ts";
import type { FaultInjector } from "../faults/fault_injector.ts";
import type { GatewayClose } from "./_gateway_close.ts";
import type { GatewayConduct } from "./_gateway_conduct.ts";
import type { GatewayEvent } from "./_gateway_event.ts";
import type { IdentifyLimits } from "./_gateway_identify_limits.ts";
import type { GatewayRules } from "./_gateway_protocol.ts";
import type { GatewaySession } from "./_gateway_session.ts";
import type { DiscordWorld } from "./_world.ts";
import type { DiscordFault } from "./discord_faults.ts";

/** What a gateway needs to know. */
export interface GatewayOptions {
  readonly world: DiscordWorld;
  readonly rules: GatewayRules;
  readonly clock: Clock;
  readonly random: SeededRandom;
  readonly heartbeatIntervalMs: number;
  /** How long a session without a connection can be resumed, on the clock. */
  readonly resumeWindowMs: number;
  /** Events of each session that are kept for a resume. */
  readonly replayLimit: number;
  readonly limits: IdentifyLimits;
  readonly faults: FaultInjector<DiscordFault>;
  readonly conduct: GatewayConduct;
  readonly url: () => string;
}

/** What a gateway tells of. */
export interface GatewayListener {
  /** A client's frame was taken: its opcode, or why the connection was closed. */
  onFrame(op: number | undefined, close: GatewayClose | undefined): void;
  /** `event` went out on a live connection of `session`, for the first time or in a replay. */
  onDelivered(event: GatewayEvent, session: GatewaySession, isReplay: boolean): void;
  /** A session is ready, anew or resumed. */
  onReady(session: GatewaySession): void;
  /** A session lost its connection. */
  onLost(session: GatewaySession): void;
  /** The client of a session was sent away, and will come back. */
  onSentAway(session: GatewaySession): void;
}
