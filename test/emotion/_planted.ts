import {
  ageState,
  type DemiState,
  interact,
  type InteractionKind,
  TICK_MS,
} from "../../examples/demi/emotions.ts";
import { SeededRandom } from "../../lib/base/random.ts";
import type { EmotionalState, EmotionName } from "../../lib/emotion/emotional_state.ts";
import type { EmotionFindingKind } from "../../lib/emotion/emotion_finding.ts";
import type { LifePattern } from "./_live_week.ts";
import { SimulatedDemi, toEmotionalState, withValues } from "./_simulated_demi.ts";

const HOUR_MS = 3_600_000;

/** A defect in a companion, and by what name it must be found. */
export interface PlantedDefect {
  readonly name: string;
  readonly make: (start: number) => SimulatedDemi;
  readonly kind: EmotionFindingKind;
  /** The emotions that must be named, if it is about some. */
  readonly emotions?: readonly EmotionName[];
  /** Other kinds that are true of it as well. */
  readonly also?: readonly EmotionFindingKind[];
  /** @default {"casual"} */
  readonly pattern?: LifePattern;
  readonly platforms?: readonly string[];
  readonly offMs?: number;
  /** Whether it must be found without being told what happened, too. @default {false} */
  readonly findableUntold?: boolean;
}

/** Changes what a whole tick does. */
class Ticking extends SimulatedDemi {
  readonly #tick: (before: DemiState, after: DemiState) => DemiState;

  constructor(
    start: number,
    tick: (before: DemiState, after: DemiState) => DemiState,
    initial?: EmotionalState,
  ) {
    super(start, initial);
    this.#tick = tick;
  }

  override age(now: number): void {
    this.#pass(now, false);
  }

  override start(now: number): void {
    this.#pass(now, true);
  }

  #pass(now: number, off: boolean): void {
    while (this.state.agedUntil + TICK_MS <= now) {
      this.state = this.#tick(this.state, ageState(this.state, this.state.agedUntil + TICK_MS, { off }));
    }
  }

  override interact(kind: InteractionKind, now: number): void {
    this.age(now);
    super.interact(kind, now);
  }
}

/** Does something else when it starts again. */
class Restarting extends SimulatedDemi {
  readonly #onStart: (saved: DemiState, now: number, demi: Restarting) => DemiState;
  readonly past: DemiState[] = [];

  constructor(start: number, onStart: (saved: DemiState, now: number, demi: Restarting) => DemiState) {
    super(start);
    this.#onStart = onStart;
  }

  override age(now: number): void {
    super.age(now);
    if (this.past.at(-1) !== this.state) this.past.push(this.state);
  }

  override start(now: number): void {
    this.state = this.#onStart(this.state, now, this);
  }

  /** The state as it was so long ago. */
  ago(now: number, ms: number): DemiState {
    return this.past.findLast(({ lastUpdated }) => lastUpdated <= now - ms) ?? this.past[0]!;
  }
}

/** Does something else to what is read. */
class Reading extends SimulatedDemi {
  readonly #show: (
    state: DemiState,
    now: number,
    platform: string | undefined,
    demi: Reading,
  ) => EmotionalState;
  readonly startedAt: number;
  kept: DemiState;

  constructor(
    start: number,
    show: (state: DemiState, now: number, platform: string | undefined, demi: Reading) => EmotionalState,
  ) {
    super(start);
    this.#show = show;
    this.startedAt = start;
    this.kept = this.state;
  }

  hours(now: number): number {
    return (now - this.startedAt) / HOUR_MS;
  }

  override read(now: number, platform?: string): EmotionalState {
    return this.#show(this.state, now, platform, this);
  }
}

/** Reacts otherwise. */
class Reacting extends SimulatedDemi {
  readonly #react: (before: DemiState, after: DemiState, kind: InteractionKind) => DemiState;

  constructor(
    start: number,
    react: (before: DemiState, after: DemiState, kind: InteractionKind) => DemiState,
  ) {
    super(start);
    this.#react = react;
  }

  override interact(kind: InteractionKind, now: number): void {
    this.age(now);
    this.state = this.#react(this.state, interact(this.state, kind, now), kind);
  }
}

const only = (emotion: string, change: (value: number) => number) => (state: DemiState) =>
  withValues(state, (name, value) => (name === emotion ? change(value) : value));

const clampTo = (low: number, high: number, value: number): number => Math.min(high, Math.max(low, value));

const HALF: ReadonlySet<string> = new Set(["excitement", "vulnerability", "curiosity", "affection"]);

export const PLANTED: readonly PlantedDefect[] = [
  {
    name: "the floor is ignored",
    make: (start) =>
      new Ticking(start, (before, after) =>
        only("curiosity", (value) =>
          before.values.curiosity < 0.12 ? Math.max(0, before.values.curiosity - 0.004) : value,
        )(after),
      ),
    kind: "floor-broken",
    emotions: ["curiosity"],
    also: ["decay-off-model"],
    findableUntold: true,
  },
  {
    name: "decay is doubled",
    make: (start) =>
      new Ticking(start, (before, after) =>
        withValues(after, (name, value) => {
          const now = before.values[name as EmotionName];
          return clampTo(name === "loneliness" ? 0.3 : 0.1, 1, value < now ? 2 * value - now : value);
        }),
      ),
    kind: "decay-off-model",
    emotions: [
      "excitement",
      "frustration",
      "jealousy",
      "vulnerability",
      "confidence",
      "curiosity",
      "affection",
      "defensiveness",
    ],
    findableUntold: true,
  },
  {
    name: "decay is skipped while it is off",
    make: (start) => new Restarting(start, (saved, now) => ({ ...saved, agedUntil: now, lastUpdated: now })),
    kind: "decay-off-model",
    also: ["jump", "stuck"],
  },
  {
    name: "one emotion is stuck",
    make: (start) => {
      const stuck = only("confidence", () => 0.5);
      return new (class extends Ticking {
        override interact(kind: InteractionKind, now: number): void {
          super.interact(kind, now);
          this.state = stuck(this.state);
        }
      })(start, (_, after) => stuck(after));
    },
    kind: "stuck",
    emotions: ["confidence"],
    also: ["decay-off-model"],
    findableUntold: true,
  },
  {
    name: "an emotion is NaN",
    make: (start) =>
      new Reading(start, (state, now, _, demi) =>
        toEmotionalState(demi.hours(now) > 3 ? only("affection", () => NaN)(state) : state),
      ),
    kind: "not-a-number",
    emotions: ["affection"],
    findableUntold: true,
  },
  {
    name: "the sign of a decay is flipped",
    make: (start) =>
      new Ticking(start, (before, after) =>
        only("frustration", (value) => clampTo(0.1, 1, 2 * before.values.frustration - value))(after),
      ),
    kind: "decay-off-model",
    emotions: ["frustration"],
    findableUntold: true,
  },
  {
    name: "the sign of a reaction is flipped",
    make: (start) =>
      new Reacting(start, (before, after) =>
        only("affection", (value) => clampTo(0.1, 1, 2 * before.values.affection - value))(after),
      ),
    kind: "reaction-off-model",
    emotions: ["affection"],
    also: ["jump", "momentum-lost"],
  },
  {
    name: "momentum is lost at a restart",
    make: (start) =>
      new Restarting(start, (saved, now) => {
        const momentum = Object.fromEntries(Object.keys(saved.momentum).map((name) => [name, 0]));
        return { ...ageState(saved, now, { off: true }), momentum: momentum as DemiState["momentum"] };
      }),
    kind: "momentum-lost",
    emotions: ["excitement"],
    pattern: "active",
    offMs: 5000,
  },
  {
    name: "the state of another user is shown",
    make: (start) => {
      const random = new SeededRandom(99);
      const values = Object.fromEntries(
        [
          "loneliness",
          "excitement",
          "frustration",
          "jealousy",
          "vulnerability",
          "confidence",
          "curiosity",
          "affection",
          "defensiveness",
        ].map((name) => [name, 0.3 + 0.65 * random.next()]),
      );
      return new Reading(start, (state, now, _, demi) => {
        const isOther = demi.hours(now) > 3 && demi.hours(now) < 3.5;
        return { ...toEmotionalState(state), ...(isOther ? (values as Partial<EmotionalState>) : {}) };
      });
    },
    kind: "foreign-state",
    also: ["jump", "change-without-cause", "older-state", "momentum-lost", "decay-off-model", "stuck"],
  },
  {
    name: "a reconnect brings back an older state",
    make: (start) =>
      new Reading(start, (state, now, _, demi) => {
        if (demi.hours(now) < 3) demi.kept = state;
        const isStale = demi.hours(now) > 5 && demi.hours(now) < 5.3;
        return toEmotionalState(isStale ? demi.kept : state);
      }),
    kind: "older-state",
    also: [
      "foreign-state",
      "frozen-source",
      "momentum-lost",
      "jump",
      "decay-off-model",
      "stuck",
      "change-without-cause",
    ],
    findableUntold: true,
  },
  {
    name: "the copies of two platforms diverge",
    make: (start) =>
      new Reading(start, (state, now, platform, demi) => {
        if (demi.hours(now) < 3) demi.kept = state;
        else if (platform === "android") {
          demi.kept = ageState(demi.kept, now);
          return toEmotionalState(demi.kept);
        }
        return toEmotionalState(state);
      }),
    kind: "platforms-disagree",
    platforms: ["discord", "android"],
    findableUntold: true,
  },
  {
    name: "an emotion jumps at a restart",
    make: (start) =>
      new Restarting(start, (saved, now) =>
        only("jealousy", (value) => value + 0.35)(ageState(saved, now, { off: true })),
      ),
    kind: "jump",
    emotions: ["jealousy"],
    findableUntold: true,
  },
  {
    name: "the clamp at 1 is missing",
    make: (start) =>
      new Reacting(start, (before, after, kind) => {
        const rise = kind === "positive" ? 0.12 : 0;
        return rise > 0 && before.values.excitement > 0.9
          ? only("excitement", () => before.values.excitement + rise)(after)
          : after;
      }),
    kind: "out-of-bounds",
    emotions: ["excitement"],
    pattern: "active",
    also: ["jump", "decay-off-model"],
    findableUntold: true,
  },
  {
    name: "only half of the emotions decay",
    make: (start) =>
      new Ticking(start, (before, after) =>
        withValues(after, (name, value) => (HALF.has(name) ? before.values[name as EmotionName] : value)),
      ),
    kind: "decay-off-model",
    emotions: ["excitement", "affection"],
    also: ["stuck"],
  },
  {
    name: "loneliness decays in idleness instead of growing",
    make: (start) =>
      new Ticking(start, (before, after) =>
        only("loneliness", () => before.values.loneliness - 0.02 * (before.values.loneliness - 0.3))(after),
      ),
    kind: "decay-off-model",
    emotions: ["loneliness"],
    pattern: "sporadic",
  },
  {
    name: "a save two hours old is restored",
    make: (start) =>
      new Restarting(start, (_, now, demi) => ({
        ...demi.ago(now, 4 * HOUR_MS),
        agedUntil: now,
        lastUpdated: now,
      })),
    kind: "older-state",
    also: ["foreign-state", "momentum-lost"],
  },
  {
    name: "repetition is not dampened",
    make: (start) => new Reacting(start, (_, after) => ({ ...after, lastKind: undefined, repeatCount: 0 })),
    kind: "jump",
  },
  {
    name: "changes are twice as large",
    make: (start) =>
      new Reacting(start, (before, after) =>
        withValues(after, (name, value) => {
          const now = before.values[name as EmotionName];
          return clampTo(name === "loneliness" ? 0.3 : 0.1, 1, 2 * value - now);
        }),
      ),
    kind: "jump",
    also: ["momentum-lost"],
  },
  {
    name: "an emotion leaks slowly towards its floor",
    make: (start) =>
      new Ticking(start, (_, after) => only("curiosity", (value) => Math.max(0.1, value - 0.0008))(after)),
    kind: "drift",
    emotions: ["curiosity"],
    findableUntold: true,
  },
  {
    name: "an emotion goes up and down",
    make: (start) =>
      new Reading(start, (state, now) =>
        toEmotionalState(
          only("curiosity", (value) => clampTo(0.1, 1, value + (Math.floor(now / 60_000) % 2 ? 0.06 : 0)))(
            state,
          ),
        ),
      ),
    kind: "oscillation",
    emotions: ["curiosity"],
    also: ["change-without-cause", "jump"],
    findableUntold: true,
  },
  {
    name: "the source is frozen",
    make: (start) =>
      new Reading(start, (state, now, _, demi) => {
        if (demi.hours(now) < 3) demi.kept = state;
        return toEmotionalState(demi.kept);
      }),
    kind: "frozen-source",
    also: ["stuck"],
    findableUntold: true,
  },
  {
    name: "decay does nothing, and says that it did",
    make: (start) => new Ticking(start, (before, after) => ({ ...after, values: before.values })),
    kind: "decay-off-model",
    also: ["stuck"],
  },
  {
    name: "a change comes without a cause",
    make: (start) =>
      new Reading(start, (state, now, _, demi) =>
        toEmotionalState(
          demi.hours(now) > 3
            ? only("vulnerability", (value) => clampTo(0.1, 1, value + 0.07))(state)
            : state,
        ),
      ),
    kind: "change-without-cause",
    emotions: ["vulnerability"],
    also: ["jump", "decay-off-model", "drift", "reaction-off-model"],
  },
];
