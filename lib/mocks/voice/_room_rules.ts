import type { Clock } from "../../base/clock.ts";
import type { ViolationLog } from "../violations.ts";

/** Time that a companion has to fall silent when a user speaks. */
export const MANNERS_MS = 500;

const SUBJECT = "the room";

/** Notes what a companion does wrong in the room. */
export class RoomRules {
  readonly #clock: Clock;
  readonly #violations: ViolationLog;

  constructor(clock: Clock, violations: ViolationLog) {
    this.#clock = clock;
    this.#violations = violations;
  }

  protocolError(reason: string): void {
    this.#record("protocol-error", `Sent what is not a message of the room: ${reason}`, reason);
  }

  startedOver(itemId: string, spokenMs: number): void {
    const ms = Math.round(spokenMs);
    this.#record(
      "talks-over-the-user",
      `Began to speak ${ms} ms after a user had begun to: it must wait until the user has stopped`,
      `reply_started while ${itemId} was being said`,
    );
  }

  wentOn(itemId: string, afterMs: number): void {
    const ms = Math.round(afterMs);
    this.#record(
      "talks-over-the-user",
      `Still sent audio ${ms} ms after it was interrupted: it must stop within ${MANNERS_MS} ms`,
      `audio of ${itemId} after 'interrupted'`,
    );
  }

  answeredTwice(inReplyTo: string): void {
    this.#record(
      "double-reply",
      "Answered the same utterance twice: an utterance that comes again under the same id must not be answered again",
      `a second reply_started to ${inReplyTo}`,
    );
  }

  answeredNobody(inReplyTo: string): void {
    this.#record(
      "reply-to-wrong-place",
      "Answered an utterance that nobody made: 'in_reply_to' must be the 'item_id' of an utterance",
      `reply_started to ${inReplyTo.slice(0, 40)}`,
    );
  }

  #record(
    rule: "protocol-error" | "talks-over-the-user" | "double-reply" | "reply-to-wrong-place",
    message: string,
    what: string,
  ): void {
    const evidence = [{ at: this.#clock.now(), what }];
    this.#violations.record({ rule, subject: SUBJECT, message, evidence });
  }
}
