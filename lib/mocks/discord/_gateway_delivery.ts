import type { Clock, ClockTimer } from "../../base/clock.ts";
import type { FaultInjector } from "../faults/fault_injector.ts";
import type { GatewayEvent } from "./_gateway_event.ts";
import type { GatewaySession } from "./_gateway_session.ts";
import type { DiscordFault } from "./discord_faults.ts";

const KINDS: ReadonlySet<string> = new Set([
  "reconnect",
  "invalid-session",
  "duplicate-delivery",
  "out-of-order",
  "drop-event",
  "delay-event",
  "garbage-frame",
  "close",
]);

// An event that is to go behind the next one is not kept for ever where none follows.
const OUT_OF_ORDER_MS = 1000;

type DeliveryFault = Exclude<
  DiscordFault,
  | { readonly kind: "zombie-acks" | "slow-hello" }
  | { readonly kind: "rest-error" | "rest-slow" | "rest-reset" | "rest-malformed" | "rest-lost-response" }
>;

/** What the gateway does about a delivery. */
export interface DeliveryActions {
  /** The event is on its way on a live connection. */
  onSent(session: GatewaySession, event: GatewayEvent): void;
  onReconnect(session: GatewaySession): void;
  onInvalid(session: GatewaySession, resumable: boolean): void;
  onClose(session: GatewaySession, code: number): void;
}

interface HeldBack {
  readonly events: GatewayEvent[];
  readonly timer: ClockTimer;
}

/**
 * Brings events to sessions, and lets faults strike on the way. An event gets its number when it is sent: whatever
 * happens to it, numbers rise by one on every connection, and a resume misses nothing.
 */
export class GatewayDelivery {
  readonly #clock: Clock;
  readonly #faults: FaultInjector<DiscordFault>;
  readonly #actions: DeliveryActions;
  /** Events that are to go out behind the next one. */
  readonly #heldBack = new Map<GatewaySession, HeldBack>();

  constructor(clock: Clock, faults: FaultInjector<DiscordFault>, actions: DeliveryActions) {
    this.#clock = clock;
    this.#faults = faults;
    this.#actions = actions;
  }

  deliver(session: GatewaySession, event: GatewayEvent): void {
    const fault = this.#faults.isArmed && session.connection ? this.#strike(event) : undefined;
    if (fault?.kind === "out-of-order") return this.#holdBack(session, event);
    if (fault) this.#deliverUnder(fault, session, event);
    else this.#send(session, event);
    if (this.#heldBack.size > 0) this.#release(session);
  }

  #strike({ type }: GatewayEvent): DeliveryFault | undefined {
    const applies = (fault: DiscordFault): fault is DeliveryFault =>
      KINDS.has(fault.kind) && (!("event" in fault) || fault.event === undefined || fault.event === type);
    return this.#faults.strike(applies, type);
  }

  #send(session: GatewaySession, event: GatewayEvent): void {
    if (session.dispatch(event)) this.#actions.onSent(session, event);
  }

  #deliverUnder(fault: DeliveryFault, session: GatewaySession, event: GatewayEvent): void {
    switch (fault.kind) {
      case "duplicate-delivery":
        this.#send(session, event);
        return this.#send(session, event);
      case "drop-event":
        return session.skip();
      case "delay-event":
        this.#clock.setTimer(() => this.#send(session, event), fault.ms, { keepAlive: false });
        return;
      case "garbage-frame":
        session.connection?.sendFrame(Buffer.from('{"t":"MESSAGE_CREATE","s":'));
        return this.#send(session, event);
      case "reconnect":
        this.#actions.onReconnect(session);
        break;
      case "invalid-session":
        this.#actions.onInvalid(session, fault.resumable ?? false);
        break;
      case "close":
        this.#actions.onClose(session, fault.code);
    }
    this.#send(session, event); // without a connection now: it comes with the resume
  }

  #holdBack(session: GatewaySession, event: GatewayEvent): void {
    const held = this.#heldBack.get(session);
    if (held) return void held.events.push(event);
    const timer = this.#clock.setTimer(() => this.#release(session), OUT_OF_ORDER_MS, { keepAlive: false });
    this.#heldBack.set(session, { events: [event], timer });
  }

  #release(session: GatewaySession): void {
    const held = this.#heldBack.get(session);
    if (!held) return;
    this.#heldBack.delete(session);
    held.timer.cancel();
    for (const event of held.events) this.#send(session, event);
  }
}
