import type { Clock, ClockTimer } from "../../lib/base/clock.ts";
import type { EmotionalState } from "../../lib/emotion/emotional_state.ts";
import {
  ageState,
  type DemiState,
  interact,
  type InteractionKind,
  newbornState,
  TICK_MS,
} from "./emotions.ts";
import type { Storage, StoredMessage } from "./storage.ts";

/** Keeps the emotional state: ages it tick by tick and never lets memory run ahead of the disk. */
export class Heart {
  readonly #storage: Storage;
  readonly #clock: Clock;
  readonly #onTick: (state: DemiState) => void;
  #state: DemiState;
  #timer: ClockTimer | undefined;
  #error: string | undefined;

  /**
   * Wakes with the saved state, aged by the time it was off; without one with `initial`, or as newborn.
   *
   * @param onTick Called after each tick with the new state.
   */
  constructor(
    storage: Storage,
    clock: Clock,
    initial: EmotionalState | undefined,
    onTick: (state: DemiState) => void,
  ) {
    this.#storage = storage;
    this.#clock = clock;
    this.#onTick = onTick;
    const saved = storage.loadState();
    this.#state = saved ? ageState(saved, clock.now(), { off: true }) : newbornState(clock.now(), initial);
    storage.saveState(this.#state);
    this.#arm();
  }

  get state(): DemiState {
    return this.#state;
  }

  /** Why the last save at a tick failed, in one sentence; `undefined` when it did not. */
  get error(): string | undefined {
    return this.#error;
  }

  /** The state as the world sees it. */
  toEmotionalState(): EmotionalState {
    return {
      ...this.#state.values,
      momentum: { ...this.#state.momentum },
      lastUpdated: this.#state.lastUpdated,
    };
  }

  /** The state that an interaction of this kind would lead to now. */
  preview(kind: InteractionKind): DemiState {
    return interact(this.#state, kind, this.#clock.now());
  }

  /**
   * Lets an interaction happen, saved in one piece with the messages that it makes of the new state.
   *
   * @returns The messages.
   */
  commit(
    kind: InteractionKind,
    toMessages: (state: DemiState) => readonly StoredMessage[],
  ): readonly StoredMessage[] {
    const next = this.preview(kind);
    const messages = toMessages(next);
    this.#storage.commit(next, messages);
    this.#state = next;
    return messages;
  }

  /** Stops ageing. */
  stop(): void {
    this.#timer?.cancel();
  }

  #arm(): void {
    const delay = this.#state.agedUntil + TICK_MS - this.#clock.now();
    // a tick that could not be saved is still owed: its time is past, and the next try is a whole tick away
    this.#timer = this.#clock.setTimer(() => this.#tick(), delay > 0 ? delay : TICK_MS);
  }

  #tick(): void {
    try {
      const next = ageState(this.#state, this.#clock.now());
      this.#storage.saveState(next);
      this.#state = next;
      this.#error = undefined;
    } catch (error) {
      this.#error = `Cannot save the emotional state: ${error instanceof Error ? error.message : String(error)}`;
    }
    this.#arm();
    this.#onTick(this.#state);
  }
}
