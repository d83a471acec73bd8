import type { Clock } from "../../base/clock.ts";
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

type DeliveryFault = Exclude<
  DiscordFault,
  | { readonly kind: "zombie-acks" | "slow-hello" }
  | { readonly kind: "rest-error" | "rest-slow" | "rest-reset" | "rest-malformed" | "rest-lost-response" }
>;

/** What a fault does to a connection, which the gateway carries out. */
export interface DeliveryFaultActions {
  onReconnect(session: GatewaySession): void;
  onInvalid(session: GatewaySession, resumable: boolean): void;
  onClose(session: GatewaySession, code: number): void;
}

/** Brings events to sessions, and lets faults strike on the way. */
export class GatewayDelivery {
  readonly #clock: Clock;
  readonly #faults: FaultInjector<DiscordFault>;
  readonly #actions: DeliveryFaultActions;
  /** Frames that are to go out behind the next one. */
  readonly #late = new WeakMap<GatewaySession, Buffer[]>();

  constructor(clock: Clock, faults: FaultInjector<DiscordFault>, actions: DeliveryFaultActions) {
    this.#clock = clock;
    this.#faults = faults;
    this.#actions = actions;
  }

  /** Says whether the event is on its way to a live connection. */
  deliver(session: GatewaySession, event: GatewayEvent): boolean {
    const fault = this.#faults.isArmed && session.connection ? this.#strike(event) : undefined;
    const isSent = fault ? this.#deliverUnder(fault, session, event) : session.dispatch(event);
    if (fault?.kind !== "out-of-order") this.#sendLate(session);
    return isSent;
  }

  #strike({ type }: GatewayEvent): DeliveryFault | undefined {
    const applies = (fault: DiscordFault): fault is DeliveryFault =>
      KINDS.has(fault.kind) && (!("event" in fault) || fault.event === undefined || fault.event === type);
    return this.#faults.strike(applies, type);
  }

  #deliverUnder(fault: DeliveryFault, session: GatewaySession, event: GatewayEvent): boolean {
    switch (fault.kind) {
      case "duplicate-delivery":
        return session.dispatch(event) && session.dispatch(event);
      case "drop-event":
        session.skip();
        return false;
      case "out-of-order":
        this.#late.set(session, [...(this.#late.get(session) ?? []), this.#frame(session, event)]);
        return false;
      case "delay-event": {
        const { connection } = session;
        const frame = this.#frame(session, event);
        this.#clock.setTimer(() => connection?.sendFrame(frame), fault.ms, { keepAlive: false });
        return false;
      }
      case "garbage-frame":
        session.connection?.sendFrame(Buffer.from('{"t":"MESSAGE_CREATE","s":'));
        return session.dispatch(event);
      case "reconnect":
        session.record(event);
        this.#actions.onReconnect(session);
        return false;
      case "invalid-session":
        session.record(event);
        this.#actions.onInvalid(session, fault.resumable ?? false);
        return false;
      case "close":
        session.record(event);
        this.#actions.onClose(session, fault.code);
        return false;
    }
  }

  #frame(session: GatewaySession, event: GatewayEvent): Buffer {
    return event.frame(session.record(event), session.intents);
  }

  #sendLate(session: GatewaySession): void {
    const late = this.#late.get(session);
    if (!late) return;
    this.#late.delete(session);
    for (const frame of late) session.connection?.sendFrame(frame);
  }
}
