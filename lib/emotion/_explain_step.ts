// This module is browser-safe.
import { ageHull, type Hull } from "./_ageing.ts";
import { reactHull, widenHull } from "./_reaction.ts";
import type { ResolvedProfile } from "./_resolved_profile.ts";
import { idlenessAt, type TickRange, ticksUntil } from "./_tick_phase.ts";
import type { Track } from "./_track.ts";

/** What was told of the time between two looks. */
export interface Told {
  /** Whether interactions that were not told can have been. */
  readonly isComplete: boolean;
  /** Kinds of the profile, or `message` for one that is not known. */
  readonly kinds: readonly string[];
  readonly isRestart: boolean;
  /** Whether the kinds were told with an earlier look and work only now. */
  readonly isLate?: boolean;
  /** Most interactions that there can have been where they are not told. */
  readonly most: number;
}

/** The best account of a step from one look to the next. */
export interface Account {
  /** What moved it: time alone, the interactions told, one or several that were not told. */
  readonly by: "time" | "told" | "one-untold" | "many-untold";
  readonly kind: string | undefined;
  readonly ticks: number;
  /** Between which numbers of ticks it may be as well. */
  readonly sure: TickRange;
  /** Whether something speaks for this number of ticks: that all fits, or that some emotions moved exactly so. */
  readonly isSure: boolean;
  /** What the phase of the ticks lets expect. */
  readonly range: TickRange;
  readonly hull: Hull;
  /** How far each value is outside of its hull, with its sign; 0 for what is explained. */
  readonly residuals: readonly number[];
  readonly isExplained: boolean;
}

const MISFIT_CAP = 0.05;
const GAP_TICKS = 1.5;

/** Looks for an account of the step from the track to `values` at `time`. */
export class StepExplainer {
  readonly #profile: ResolvedProfile;
  readonly #track: Track;
  readonly #values: readonly number[];
  readonly #time: number;
  readonly #told: Told;
  readonly #tolerance: number;
  readonly #range: TickRange;

  constructor(
    profile: ResolvedProfile,
    track: Track,
    values: readonly number[],
    time: number,
    told: Told,
    tolerance: number,
  ) {
    this.#profile = profile;
    this.#track = track;
    this.#values = values;
    this.#time = time;
    this.#told = told;
    this.#tolerance = tolerance;
    this.#range = ticksUntil(profile, track, time);
  }

  /** The simplest account that fits; the best of those that the told allows when none does. */
  explain(): Account {
    const { kinds, isComplete } = this.#told;
    if (kinds.length > 0) {
      const told = this.#best("told", kinds, kinds.join(" + "));
      return told.isExplained || isComplete ? told : this.#untold();
    }
    const quiet = this.#best("time", [], undefined);
    return quiet.isExplained || isComplete ? quiet : this.#untold();
  }

  /** What so many ticks would have made of the state. */
  due(ticks: number): Hull {
    return this.#hullFor([], ticks);
  }

  /** Time alone, whatever was told. */
  byTime(): Account {
    return this.#best("time", [], undefined);
  }

  /** One interaction more than was told, if exactly that explains it. */
  byOneMore(): Account | undefined {
    for (const [kind, deltas] of this.#profile.kinds) {
      // the same once more is hardly told from one that is too strong, and that is the simpler
      if (deltas.every((delta) => delta === 0) || this.#told.kinds.includes(kind)) continue;
      const account = this.#best("one-untold", [...this.#told.kinds, kind], kind);
      if (account.isExplained) return account;
    }
    return undefined;
  }

  /** Several interactions that nobody told of. */
  byMany(): Account {
    const { least, most } = this.#range;
    const within = this.#manyWithin(least, most);
    if (within.isExplained) return within;
    const beyond = this.#manyWithin(Math.max(0, least - 1), most + 1);
    return beyond.isExplained ? beyond : within;
  }

  #manyWithin(least: number, most: number): Account {
    const hull = this.#hullFor([], most);
    unite(hull, this.#hullFor([], least));
    widenHull(this.#profile, hull, this.#told.most);
    return { ...this.#account("many-untold", undefined, most, hull), sure: { least, most } };
  }

  #untold(): Account {
    const one = this.byOneMore();
    if (one) return one;
    return this.byMany();
  }

  /** Of the numbers of ticks that the phase allows the one that fits best; another only if it fits wholly. */
  #best(by: Account["by"], kinds: readonly string[], kind: string | undefined): Account {
    const { least, most } = this.#range;
    let best: Account | undefined;
    let leastMisfit = Infinity;
    let mostHits = -1;
    let sure: TickRange | undefined;
    const from = Math.max(0, least - 1);
    const aged = this.#startHull();
    for (let ticks = 0; ticks <= most + 1; ticks++) {
      if (ticks > 0) this.#tick(aged, ticks);
      if (ticks < from) continue;
      if (ticks > most && this.#profile.source.decay === undefined) break;
      const hull = kinds.length === 0 ? copyHull(aged) : this.#withReactions(aged, kinds, ticks);
      const account = this.#account(by, kind, ticks, hull);
      const isAllowed = ticks >= least && ticks <= most;
      if (!isAllowed && !account.isExplained) continue;
      const misfit = this.#misfit(account) + (isAllowed ? 0 : 1e-9);
      const hits = account.isExplained ? this.#values.length : this.#hits(account);
      if (best && misfit === 0 && leastMisfit === 0) sure = { least: best.ticks, most: ticks };
      if (hits < mostHits || (hits === mostHits && misfit >= leastMisfit)) continue;
      sure = account.sure;
      [best, leastMisfit, mostHits] = [account, misfit, hits];
    }
    return { ...best!, sure: sure!, isSure: mostHits > 0 };
  }

  #hullFor(kinds: readonly string[], ticks: number): Hull {
    const hull = this.#startHull();
    for (let tick = 1; tick <= ticks; tick++) this.#tick(hull, tick);
    return kinds.length === 0 ? hull : this.#withReactions(hull, kinds, ticks);
  }

  /** Interactions after all ticks, before all ticks, and what lies between. */
  #withReactions(aged: Hull, kinds: readonly string[], ticks: number): Hull {
    const hull = copyHull(aged);
    const moved = this.#react(hull, kinds);
    if (ticks === 0) return hull;
    const early = this.#startHull();
    this.#react(early, kinds);
    for (let tick = 1; tick <= ticks; tick++) this.#tick(early, tick);
    unite(hull, early);
    if (kinds.length + ticks > 2) this.#loosen(hull, moved, ticks);
    return hull;
  }

  /**
   * Interactions between ticks can end outside of both orders: by what the ticks take of what the interactions moved, and by
   * the rate that is another above the high mark.
   */
  #loosen(hull: Hull, moved: readonly number[], ticks: number): void {
    const { rates, source, max, bases } = this.#profile;
    const { above = Infinity, factor = 1 } = source.decay?.high ?? {};
    for (let i = 0; i < rates.length; i++) {
      const isNearHigh = hull.low[i]! - moved[i]! <= above && hull.high[i]! + moved[i]! >= above;
      const byRate = isNearHigh ? Math.min(ticks, 2) * rates[i]! * (1 - factor) * (max - bases[i]!) : 0;
      const slack = Math.min(1, rates[i]! * ticks) * moved[i]! + (moved[i]! > 0 ? byRate : 0);
      hull.low[i]! -= slack;
      hull.high[i]! += slack;
    }
  }

  /** Returns how far each emotion is moved in all. */
  #react(hull: Hull, kinds: readonly string[]): number[] {
    const { source, kinds: known, leastDampening, size, mostUp, mostDown } = this.#profile;
    const { dampening = [1] } = source.interactions ?? {};
    let { lastKind, repeats, isRowKnown } = this.#track;
    const moved = Array.from({ length: size }, () => 0);
    for (const [place, kind] of kinds.entries()) {
      const deltas = known.get(kind);
      if (!deltas) {
        widenHull(this.#profile, hull, 1);
        for (let i = 0; i < size; i++) moved[i]! += Math.max(mostUp[i]!, -mostDown[i]!) * 1.2;
        isRowKnown = false;
        continue;
      }
      if (deltas.every((delta) => delta === 0)) continue;
      repeats = kind === lastKind ? repeats + 1 : 0;
      if (kind !== lastKind && lastKind !== null && this.#told.isComplete) isRowKnown = true;
      const most =
        isRowKnown && this.#told.isComplete && !this.#told.isLate
          ? dampening[Math.min(repeats, dampening.length - 1)]!
          : 1;
      lastKind = kind;
      const momentum = place === 0 ? (this.#track.momentum ?? undefined) : undefined;
      reactHull(this.#profile, hull, deltas, { least: leastDampening, most, momentum });
      for (let i = 0; i < size; i++) moved[i]! += Math.abs(deltas[i]!) * 1.2;
    }
    return moved;
  }

  #tick(hull: Hull, index: number): void {
    const tickMs = this.#profile.source.decay?.tickMs ?? 0;
    const mayBeOff = this.#told.isRestart || this.#time - this.#track.time > GAP_TICKS * tickMs;
    const nobodySpoke = this.#told.isComplete && this.#told.kinds.length === 0;
    ageHull(
      this.#profile,
      hull,
      idlenessAt(this.#profile, this.#track, index, this.#time, { nobodySpoke, mayBeOff }),
    );
  }

  #account(by: Account["by"], kind: string | undefined, ticks: number, hull: Hull): Account {
    const residuals: number[] = [];
    let isExplained = true;
    for (let i = 0; i < this.#values.length; i++) {
      const [value, low, high] = [
        this.#values[i]!,
        hull.low[i]! - this.#tolerance,
        hull.high[i]! + this.#tolerance,
      ];
      const residual = value < low ? value - low : value > high ? value - high : 0;
      residuals.push(residual);
      if (residual !== 0) isExplained = false;
    }
    const sure = { least: ticks, most: ticks };
    return { by, kind, ticks, sure, isSure: isExplained, range: this.#range, hull, residuals, isExplained };
  }

  /** Emotions that had to move, and did as they must: nothing that is off in others outweighs these. */
  #hits({ residuals, hull }: Account): number {
    let hits = 0;
    for (let i = 0; i < residuals.length; i++) {
      const before = this.#track.values[i]!;
      const had = before < hull.low[i]! - this.#tolerance || before > hull.high[i]! + this.#tolerance;
      if (had && residuals[i] === 0) hits++;
    }
    return hits;
  }

  #misfit({ residuals }: Account): number {
    let sum = 0;
    for (const residual of residuals) sum += Math.min(MISFIT_CAP * this.#profile.span, Math.abs(residual));
    return sum;
  }

  /** Where the step begins: the values seen, as far off as their digits leave open. */
  #startHull(): Hull {
    const low: number[] = [];
    const high: number[] = [];
    for (let i = 0; i < this.#values.length; i++) {
      const value = this.#track.values[i]!;
      // an emotion that was no number can be anything now
      low.push(Number.isNaN(value) ? this.#profile.min : value - this.#tolerance);
      high.push(Number.isNaN(value) ? this.#profile.max : value + this.#tolerance);
    }
    return { low, high };
  }
}

function copyHull({ low, high }: Hull): Hull {
  return { low: [...low], high: [...high] };
}

function unite(hull: Hull, other: Hull): void {
  for (let i = 0; i < hull.low.length; i++) {
    hull.low[i] = Math.min(hull.low[i]!, other.low[i]!);
    hull.high[i] = Math.max(hull.high[i]!, other.high[i]!);
  }
}
