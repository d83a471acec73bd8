import type { GatewaySession } from "./_gateway_session.ts";

/** A session that its client should have resumed, and what cut it off. */
export interface LeftSession {
  readonly session: GatewaySession;
  readonly cause: string;
}

/**
 * Sessions that a client lost in a way after which it has to resume. Only these can be left wrongly: a new process
 * begins a new session, rightly, and common libraries do so, too, when Discord refused a connection meanwhile.
 */
export class ExpectedResumes {
  readonly #causes = new Map<GatewaySession, string>();

  expect(session: GatewaySession, cause: string): void {
    this.#causes.set(session, cause);
  }

  /** Nothing is expected of this one any more. */
  forget(session: GatewaySession): void {
    this.#causes.delete(session);
  }

  forgetAll(): void {
    this.#causes.clear();
  }

  /** The session that an IDENTIFY for `shard` leaves. Of several, as of a fleet of bots, nobody knows whose it is. */
  takeLeft(shard: readonly [number, number]): LeftSession | undefined {
    const left = [...this.#causes].filter(
      ([session]) => session.shard[0] === shard[0] && session.shard[1] === shard[1],
    );
    if (left.length !== 1) return undefined;
    const [session, cause] = left[0]!;
    this.#causes.delete(session);
    return { session, cause };
  }
}
