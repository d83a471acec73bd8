import type { Clock, ClockTimer } from "../../base/clock.ts";
import type { Utterance } from "./_utterance.ts";

// How long others wait for the answer to what somebody said, before one of them goes on.
const PATIENCE_MS = 15_000;

/** Whose turn it is to speak: users let one another finish, and wait for the answer that one of them waits for. */
export class TurnTaking {
  readonly #clock: Clock;
  readonly #onChange: () => void;
  readonly #queue: Utterance[] = [];
  readonly #awaited = new Map<Utterance, ClockTimer>();

  /** @param onChange Called when it may be somebody's turn. */
  constructor(clock: Clock, onChange: () => void) {
    this.#clock = clock;
    this.#onChange = onChange;
  }

  enqueue(utterance: Utterance): void {
    this.#queue.push(utterance);
    this.#onChange();
  }

  /**
   * Takes what is said next, if anything is.
   *
   * @param hearers Users whom the companion speaks to now; `undefined` for all.
   */
  takeNext(hearers: readonly (string | undefined)[]): Utterance | undefined {
    const isTurnOf = ({ user, manners }: Utterance): boolean => {
      if (manners === "now") return true;
      const isFree = hearers.every((hearer) => hearer === undefined || hearer === user);
      return isFree && [...this.#awaited.keys()].every((awaited) => awaited.user === user);
    };
    const index = this.#queue.findIndex(isTurnOf);
    return index < 0 ? undefined : this.#queue.splice(index, 1)[0];
  }

  /** An utterance was heard, and its answer is waited for. */
  await(utterance: Utterance): void {
    const giveUp = (): void => this.settle(utterance);
    this.#awaited.set(utterance, this.#clock.setTimer(giveUp, PATIENCE_MS, { keepAlive: false }));
  }

  /** It is answered, or will not be. */
  settle(utterance: Utterance): void {
    this.#awaited.get(utterance)?.cancel();
    if (this.#awaited.delete(utterance)) this.#onChange();
  }

  /** Gives up all waiting. */
  close(): void {
    for (const timer of this.#awaited.values()) timer.cancel();
    this.#awaited.clear();
  }
}
