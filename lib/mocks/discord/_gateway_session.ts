import { RingBuffer } from "../../base/ring_buffer.ts";
import type { GatewayConnection } from "./_gateway_connection.ts";
import type { GatewayEvent } from "./_gateway_event.ts";
import type { Identify } from "./_gateway_protocol.ts";

/** Events kept for a replay; a session that missed more cannot be resumed. */
const REPLAY_CAPACITY = 2000;

interface SentEvent {
  readonly sequence: number;
  readonly event: GatewayEvent;
}

/** A session of the gateway: it outlives its connections, numbers its events and can replay them. */
export class GatewaySession {
  readonly id: string;
  readonly intents: number;
  readonly shard: readonly [number, number];
  /** The connection that it has now. */
  connection: GatewayConnection | undefined;
  /** When it lost its connection, on the mock's clock. */
  disconnectedAt: number | undefined;
  readonly #sent = new RingBuffer<SentEvent>(REPLAY_CAPACITY);
  #sequence = 0;

  constructor(id: string, { intents, shard }: Identify) {
    this.id = id;
    this.intents = intents;
    this.shard = shard;
  }

  get sequence(): number {
    return this.#sequence;
  }

  /** Whether the session is to be told of `event`. */
  wants(event: GatewayEvent): boolean {
    if (event.intent !== 0 && (this.intents & event.intent) === 0) return false;
    const [id, count] = this.shard;
    const owner = event.guildId === undefined ? 0 : Number((BigInt(event.guildId) >> 22n) % BigInt(count));
    return id === owner;
  }

  /** Numbers the event, keeps it for a replay, and sends it where there is a connection; says whether there was. */
  dispatch(event: GatewayEvent): boolean {
    this.#sequence++;
    this.#sent.push({ sequence: this.#sequence, event });
    return this.connection?.sendText(event.frame(this.#sequence, this.intents)) ?? false;
  }

  /** Whether everything after `sequence` is still known; one from the future is not. */
  canReplayAfter(sequence: number): boolean {
    if (sequence < 0 || sequence > this.#sequence) return false;
    const oldest = this.#sent.at(0);
    return oldest === undefined || oldest.sequence <= sequence + 1;
  }

  /** Sends again what came after `sequence`, in the same order under the same numbers; gives what was sent. */
  replayAfter(sequence: number): readonly GatewayEvent[] {
    const missed = [...this.#sent].filter((sent) => sent.sequence > sequence);
    for (const { sequence, event } of missed) this.connection?.sendText(event.frame(sequence, this.intents));
    return missed.map(({ event }) => event);
  }
}
