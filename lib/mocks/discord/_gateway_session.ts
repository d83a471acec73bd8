import { RingBuffer } from "../../base/ring_buffer.ts";
import type { GatewayConnection } from "./_gateway_connection.ts";
import type { GatewayEvent } from "./_gateway_event.ts";
import type { Identify } from "./_gateway_protocol.ts";

interface NumberedEvent {
  readonly sequence: number;
  readonly event: GatewayEvent;
}

/** A session of the gateway: it outlives its connections, numbers its events and can replay them. */
export class GatewaySession {
  readonly id: string;
  readonly intents: number;
  readonly shard: readonly [number, number];
  /** What the client calls itself. */
  readonly library: string;
  /** The connection that it has now. */
  connection: GatewayConnection | undefined;
  /** When it lost its connection, on the mock's clock. */
  disconnectedAt: number | undefined;
  /** Messages of users that came since then. */
  missedMessages = 0;
  readonly #events: RingBuffer<NumberedEvent>;
  #sequence = 0;
  #forgotten = 0;

  /** @param replayLimit Events kept for a replay; a session that missed more cannot be resumed. */
  constructor(id: string, { intents, shard, library }: Identify, replayLimit: number) {
    this.#events = new RingBuffer(replayLimit);
    this.id = id;
    this.intents = intents;
    this.shard = shard;
    this.library = library;
  }

  get sequence(): number {
    return this.#sequence;
  }

  /** Whether the session is to be told of `event`. */
  wants(event: GatewayEvent): boolean {
    if (event.intent !== 0 && (this.intents & event.intent) === 0) return false;
    const [id, count] = this.shard;
    return event.shardOf(count) === id;
  }

  /** Numbers the event, keeps it for a replay, and sends it where there is a connection; says whether there was. */
  dispatch(event: GatewayEvent): boolean {
    const sequence = this.record(event);
    return this.connection?.sendFrame(event.frame(sequence, this.intents)) ?? false;
  }

  /** Numbers the event and keeps it for a replay; gives its number. */
  record(event: GatewayEvent): number {
    const displaced = this.#events.push({ sequence: ++this.#sequence, event });
    if (displaced) this.#forgotten = displaced.sequence;
    if (event.message && !this.connection) this.missedMessages++;
    return this.#sequence;
  }

  /** Uses a number up for an event that nobody will ever get. */
  skip(): void {
    this.#sequence++;
  }

  /** Whether everything after `sequence` is still known; one from the future is not. */
  canReplayAfter(sequence: number): boolean {
    return sequence >= this.#forgotten && sequence <= this.#sequence;
  }

  /** Sends again what came after `sequence`, in the same order under the same numbers; gives what was sent. */
  replayAfter(sequence: number): readonly GatewayEvent[] {
    const missed = [...this.#events].filter((each) => each.sequence > sequence);
    for (const each of missed) this.connection?.sendFrame(each.event.frame(each.sequence, this.intents));
    return missed.map(({ event }) => event);
  }
}
