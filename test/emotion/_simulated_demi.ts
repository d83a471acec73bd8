import {
  ageState,
  type DemiState,
  EMOTIONS,
  interact,
  type InteractionKind,
  newbornState,
} from "../../examples/demi/emotions.ts";
import type { EmotionalState } from "../../lib/emotion/emotional_state.ts";

/** What {@linkcode liveWeek} drives: the companion's model, or one with a defect around it. */
export interface SimulatedCompanion {
  /** Lets time pass. */
  age(now: number): void;
  interact(kind: InteractionKind, now: number): void;
  /** What somebody who asks is shown. */
  read(now: number, platform: string | undefined): EmotionalState;
  /** Ends without a goodbye. */
  crash(now: number): void;
  start(now: number): void;
}

/** The emotions of pocket Demi, without anything around them. */
export class SimulatedDemi implements SimulatedCompanion {
  state: DemiState;

  constructor(now: number, initial?: EmotionalState) {
    this.state = newbornState(now, initial);
  }

  age(now: number): void {
    this.state = ageState(this.state, now);
  }

  interact(kind: InteractionKind, now: number): void {
    this.state = interact(this.state, kind, now);
  }

  read(_now: number, _platform?: string): EmotionalState {
    return toEmotionalState(this.state);
  }

  crash(_now: number): void {}

  start(now: number): void {
    this.state = ageState(this.state, now, { off: true });
  }
}

export function toEmotionalState({ values, momentum, lastUpdated }: DemiState): EmotionalState {
  return { ...values, momentum: { ...momentum }, lastUpdated };
}

/** A state with some of its values replaced. */
export function withValues(state: DemiState, change: (name: string, value: number) => number): DemiState {
  const values = Object.fromEntries(EMOTIONS.map((name) => [name, change(name, state.values[name])]));
  return { ...state, values: values as DemiState["values"] };
}
