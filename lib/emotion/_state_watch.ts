// This module is browser-safe.
import { type DynamicsState, freshDynamics, noteDynamics } from "./_affect_dynamics.ts";
import { checkBounds } from "./_bounds_check.ts";
import { DriftChannels } from "./_drift_channels.ts";
import { type DriftState, freshDriftState } from "./_drift_state.ts";
import { DRIFT_THRESHOLDS } from "./_drift_thresholds.ts";
import type { Told } from "./_explain_step.ts";
import type { FindingLogState } from "./_finding_log.ts";
import { Follower } from "./_follower.ts";
import type { Issue } from "./_issue.ts";
import type { Look } from "./_look.ts";
import { PlatformViews, type PlatformViewsState } from "./_platform_views.ts";
import type { ResolvedProfile } from "./_resolved_profile.ts";
import { type MemoryState, StateMemory } from "./_state_memory.ts";
import { freshTrack, type Track } from "./_track.ts";
import type { EmotionSample } from "./emotion_finding.ts";
import type { EmotionMonitorSettings } from "./emotion_monitor_options.ts";

/** Everything of a monitor that changes, as plain data. */
export interface MonitorState {
  observations: number;
  firstAt: number | null;
  /** Digits behind the point that the source shows. */
  digits: number;
  usualGap: number;
  track: Track;
  dynamics: DynamicsState[];
  drift: DriftState;
  memory: MemoryState;
  platforms: PlatformViewsState;
  log: FindingLogState;
}

export function freshMonitorState(size: number): MonitorState {
  return {
    observations: 0,
    firstAt: null,
    digits: 2,
    usualGap: 0,
    track: freshTrack(size),
    dynamics: Array.from({ length: size }, freshDynamics),
    drift: freshDriftState(size),
    memory: { changes: [], ticks: [], hours: [] },
    platforms: {},
    log: { total: 0, findings: [], episodes: {} },
  };
}

/** What a look showed. */
export interface WatchResult {
  readonly issues: readonly Issue[];
  readonly before: () => EmotionSample | undefined;
  readonly after: () => EmotionSample;
}

const MOST_DIGITS = 9;
const MOST_HELD = 8;
const SILENT_TICKS = 3;
const NO_MODEL_MOMENT = 0.02;

/** Takes looks in one by one and judges each. */
export class StateWatch {
  readonly #profile: ResolvedProfile;
  readonly #state: MonitorState;
  readonly #settings: EmotionMonitorSettings;
  readonly #follower: Follower;
  readonly #platforms: PlatformViews;
  #drift: DriftChannels;

  constructor(profile: ResolvedProfile, settings: EmotionMonitorSettings, state: MonitorState) {
    this.#profile = profile;
    this.#settings = settings;
    this.#state = state;
    this.#follower = new Follower(profile, new StateMemory(profile, state.memory), state.track);
    this.#platforms = new PlatformViews(profile.span, state.platforms);
    this.#drift = this.#newDrift();
  }

  /** To be called after the state was replaced. */
  restored(): void {
    this.#drift = this.#newDrift();
  }

  take(look: Look, told: Told): WatchResult {
    const { track } = this.#state;
    const isFirst = this.#state.observations === 0;
    const before = isFirst
      ? undefined
      : this.#toSample(track.time, track.values, track.stateTime, track.platform);
    this.#learnDigits(look.values);
    const tolerance = this.#state.digits >= MOST_DIGITS ? 1e-9 : 0.5 * 10 ** -this.#state.digits + 1e-9;
    const { issues: bounds, usable } = checkBounds(
      this.#profile,
      look,
      isFirst ? look.time : track.time,
      tolerance,
    );
    this.#noteDynamics(look, usable, isFirst);
    this.#state.observations++;
    this.#state.firstAt ??= look.time;
    const issues = [...bounds, ...this.#judge(look, usable, told, tolerance, isFirst)];
    return {
      issues,
      before: () => before,
      after: () => this.#toSample(look.time, look.values, look.stateTime ?? null, look.platform ?? null),
    };
  }

  #judge(
    look: Look,
    usable: readonly number[],
    told: Told,
    tolerance: number,
    isFirst: boolean,
  ): readonly Issue[] {
    const { track } = this.#state;
    const tickMs = this.#profile.source.decay?.tickMs ?? Infinity;
    // the clock was set back; a little back is a look that came late, and says nothing new
    if (isFirst || look.time < track.time - tickMs) {
      this.#follower.begin(look, usable);
      if (!this.#profile.source.decay) this.#drift.push(usable, look.time);
      return [];
    }
    if (look.time < track.time) return [];
    return this.#profile.source.decay
      ? this.#judgeByModel(look, usable, told, tolerance)
      : this.#judgeByLevel(look, usable);
  }

  #judgeByModel(look: Look, usable: readonly number[], told: Told, tolerance: number): readonly Issue[] {
    const { track } = this.#state;
    const all = this.#withHeld(told);
    const view = this.#follower.view(look, usable, all, tolerance);
    const bySelf = view.account.by === "many-untold" ? view.explainer.byTime() : view.account;
    const platforms = this.#platforms.judge(look, usable, track, bySelf.hull, view.account.isExplained);
    if (!platforms.isOther) {
      track.held = [];
      return [...platforms.issues, ...this.#follower.follow(look, view)];
    }
    track.held = track.held.concat(told.kinds).slice(0, MOST_HELD + 1);
    const tickMs = this.#profile.source.decay?.tickMs ?? 0;
    // the platform that was followed is silent: go on with the one that speaks
    if (look.time - track.time > SILENT_TICKS * tickMs) {
      track.held = [];
      this.#follower.begin(look, usable);
    }
    return platforms.issues;
  }

  #withHeld(told: Told): Told {
    const { held } = this.#state.track;
    if (held.length === 0) return told;
    const kinds = [...held, ...told.kinds];
    return kinds.length > MOST_HELD ? { ...told, kinds: [], isComplete: false } : { ...told, kinds };
  }

  #judgeByLevel(look: Look, usable: readonly number[]): readonly Issue[] {
    const { track } = this.#state;
    const width = NO_MODEL_MOMENT * (this.#profile.max - this.#profile.min);
    const hull = {
      low: track.values.map((value) => value - width),
      high: track.values.map((value) => value + width),
    };
    const platforms = this.#platforms.judge(look, usable, track, hull, true);
    if (platforms.isOther) return platforms.issues;
    this.#follower.begin(look, usable);
    return this.#drift.push(usable, look.time).map(({ index, channel, direction, since }): Issue => {
      const entry = { index, diagnosis: direction > 0 ? "upwards" : direction < 0 ? "downwards" : channel };
      const entries = index < 0 ? [] : [entry];
      if (channel === "oscillation") return { kind: "oscillation", entries, since };
      return { kind: "drift", entries, since, note: NOTES[channel] };
    });
  }

  #learnDigits(values: readonly number[]): void {
    for (const value of values) {
      while (this.#state.digits < MOST_DIGITS && Number.isFinite(value)) {
        const scaled = value * 10 ** this.#state.digits;
        if (Math.abs(scaled - Math.round(scaled)) < 1e-6) break;
        this.#state.digits++;
      }
    }
  }

  #noteDynamics(look: Look, usable: readonly number[], isFirst: boolean): void {
    const state = this.#state;
    const gap = isFirst ? 0 : look.time - state.track.time;
    const isRegular = gap > 0.5 * state.usualGap && gap < 1.5 * state.usualGap;
    if (gap > 0)
      state.usualGap = state.usualGap === 0 ? gap : state.usualGap + 0.05 * nudge(gap, state.usualGap);
    for (const [i, value] of usable.entries()) noteDynamics(state.dynamics[i]!, value, isRegular);
  }

  #toSample(
    timestamp: number,
    values: readonly number[],
    stateTime: number | null,
    platform: string | null,
  ): EmotionSample {
    return {
      timestamp,
      values: Object.fromEntries(this.#profile.names.map((name, i) => [name, values[i]!])),
      lastUpdated: stateTime ?? undefined,
      platform: platform ?? undefined,
    };
  }

  #newDrift(): DriftChannels {
    const { caution, trainingSamples } = this.#settings;
    const thresholds = {
      ...DRIFT_THRESHOLDS,
      trainingSamples,
      fast: DRIFT_THRESHOLDS.fast * caution,
      slow: DRIFT_THRESHOLDS.slow * caution,
      joint: DRIFT_THRESHOLDS.joint * caution,
      step: DRIFT_THRESHOLDS.step * Math.sqrt(caution),
      oscillation: DRIFT_THRESHOLDS.oscillation * caution,
    };
    return new DriftChannels(this.#profile.floors, thresholds, this.#state.drift);
  }
}

const NOTES = {
  step: "it jumped to another level and stayed there",
  fast: "its level moved",
  slow: "its level moved, little by little",
  joint: "several levels moved together",
} as const;

/** Towards the gap, by at most the usual one: what is rare hardly counts. */
function nudge(gap: number, usual: number): number {
  return Math.max(-usual, Math.min(usual, gap - usual));
}
