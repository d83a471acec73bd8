// This module is browser-safe.
import type { Clock } from "../base/clock.ts";
import { systemClock } from "../base/system_clock.ts";
import { type EmotionDynamics, toDynamics } from "./_affect_dynamics.ts";
import { listChecks } from "./_check_statuses.ts";
import { FindingLog } from "./_finding_log.ts";
import { parseLook } from "./_look.ts";
import { freshMonitorState, type MonitorState, StateWatch } from "./_state_watch.ts";
import { findShapeError, fromPlainJson, toPlainJson } from "./_numbers_json.ts";
import { parseTold } from "./_parse_told.ts";
import { resolveProfile, type ResolvedProfile } from "./_resolved_profile.ts";
import type { EmotionFinding } from "./emotion_finding.ts";
import {
  type EmotionMonitorOptions,
  type EmotionMonitorSettings,
  type ObserveOptions,
  resolveSettings,
} from "./emotion_monitor_options.ts";
import type { EmotionReport } from "./emotion_report.ts";
import { type FalseAlarmStatement, stateFalseAlarms } from "./false_alarms.ts";

const FORMAT = "demi-health emotion monitor";
const VERSION = 1;
const LEAST_LOOKS = 30;

/**
 * Watches a companion's emotions: takes one look after the other and says what is wrong, in a sentence, with the looks
 * that show it. What time and told interactions must do it computes by a model of its own (the profile's), so that a
 * companion that decays wrongly, loses momentum, comes back with an older state or shows another user's is told from
 * one that somebody was kind to. Without a decay model it learns levels and watches them for drift.
 *
 * O(1) a look, bounded memory, no timer. A malformed state is an error and changes nothing.
 *
 * @example A companion that forgot its floor
 * ```ts
 * import assert from "node:assert/strict";
 * import { EMOTION_NAMES, EmotionMonitor } from "demi-health/emotion";
 *
 * const monitor = new EmotionMonitor();
 * const calm = Object.fromEntries(EMOTION_NAMES.map((name) => [name, 0.5]));
 * assert.deepEqual(monitor.observe(calm, { timestamp: 0 }), []);
 * const [finding] = monitor.observe({ ...calm, loneliness: 0.2 }, { timestamp: 60_000 });
 * assert.equal(finding?.kind, "floor-broken");
 * assert.equal(finding?.emotion, "loneliness");
 * ```
 */
export class EmotionMonitor {
  readonly #settings: EmotionMonitorSettings;
  readonly #profile: ResolvedProfile;
  readonly #clock: Pick<Clock, "now">;
  readonly #state: MonitorState;
  readonly #watch: StateWatch;
  readonly #log: FindingLog;

  /** @throws {RangeError} If an option or the profile is out of its range; the message says which. */
  constructor(options: EmotionMonitorOptions = {}) {
    const { clock = systemClock, ...settings } = options;
    const resolved = resolveSettings(settings);
    // a copy, so that nobody changes the rules behind the monitor's back
    this.#settings = { ...resolved, profile: structuredClone(resolved.profile) };
    this.#profile = resolveProfile(this.#settings.profile);
    this.#clock = clock;
    this.#state = freshMonitorState(this.#profile.size);
    this.#watch = new StateWatch(this.#profile, this.#settings, this.#state);
    this.#log = new FindingLog(this.#settings.maxFindings, this.#state.log);
  }

  /**
   * Takes a look at a state: nine numbers (or the profile's), `momentum` and `lastUpdated` where they are known.
   *
   * @returns What this look showed that was not told before; the same again within an hour only counts.
   * @throws {TypeError} If the state has not the profile's form.
   * @throws {RangeError} If the profile does not know a cause.
   */
  observe(state: unknown, options: ObserveOptions = {}): readonly EmotionFinding[] {
    const { cause, platform, timestamp = this.#clock.now() } = options;
    const look = parseLook(this.#profile, state, timestamp, platform);
    const told = parseTold(this.#profile, this.#settings, cause, look.time - this.#state.track.time);
    const { issues, before, after } = this.#watch.take(look, told);
    if (issues.length === 0) return [];
    const shownCause = told.isRestart ? ["restart", ...told.kinds] : told.kinds;
    return this.#log.note(issues, {
      names: this.#profile.names,
      observation: this.#state.observations,
      cause: shownCause.length > 0 ? shownCause.join(" + ") : undefined,
      before: before(),
      after: after(),
    });
  }

  /** The last findings, the oldest first; at most `maxFindings`. */
  get findings(): readonly EmotionFinding[] {
    return [...this.#state.log.findings];
  }

  /** How often it cries wolf and how late it finds what is there, at its settings. */
  get falseAlarms(): FalseAlarmStatement {
    return stateFalseAlarms(this.#settings);
  }

  /** How each emotion moves: home base, variability, inertia, instability. */
  describe(): readonly EmotionDynamics[] {
    return this.#profile.names.map((name, i) => toDynamics(name, this.#state.dynamics[i]!));
  }

  /** All that is known, as data. */
  report(): EmotionReport {
    const { observations, log, track, firstAt } = this.#state;
    const isEnough = observations >= LEAST_LOOKS;
    return {
      verdict: log.total > 0 ? "defect" : isEnough ? "healthy" : "not-enough-evidence",
      needs: log.total > 0 || isEnough ? undefined : `${LEAST_LOOKS - observations} more looks`,
      profile: this.#settings.profile.name,
      observations,
      firstAt: firstAt ?? undefined,
      lastAt: observations > 0 ? track.time : undefined,
      findings: this.findings,
      totalFindings: log.total,
      episodes: this.#log.episodes,
      checks: listChecks(this.#settings, observations),
      dynamics: this.describe(),
      falseAlarms: this.falseAlarms,
    };
  }

  /** Settings and state for {@linkcode EmotionMonitor.fromJSON}: plain data that JSON does not change. */
  toJSON(): unknown {
    const { profile, ...settings } = this.#settings;
    return toPlainJson({ format: FORMAT, version: VERSION, profile, settings, state: this.#state });
  }

  /**
   * A monitor that goes on where another one was: it finds what the other would have found.
   *
   * @param json What {@linkcode EmotionMonitor.toJSON} returned, parsed.
   * @throws {TypeError | RangeError} If it is none, or of another version.
   */
  static fromJSON(json: unknown, options: Pick<EmotionMonitorOptions, "clock"> = {}): EmotionMonitor {
    const saved = fromPlainJson(json) as Partial<SavedMonitor> | null;
    if (saved?.format !== FORMAT || saved.version !== VERSION || !saved.profile) {
      const got = `${String(saved?.format)}, version ${String(saved?.version)}`;
      throw new TypeError(
        `Cannot restore emotion monitor: 'json' must be a ${FORMAT}, version ${VERSION}, got ${got}`,
      );
    }
    const monitor = new EmotionMonitor({ ...saved.settings, profile: saved.profile, clock: options.clock });
    const error = findShapeError(saved.state, monitor.#state);
    if (error !== undefined) {
      throw new TypeError(
        `Cannot restore emotion monitor: 'json' must have '${error}' as it was saved, got another form`,
      );
    }
    monitor.#restore(saved.state!);
    return monitor;
  }

  #restore(state: MonitorState): void {
    // in place: the parts of the monitor hold parts of its state
    assignDeep(
      this.#state as unknown as Record<string, unknown>,
      state as unknown as Record<string, unknown>,
    );
    this.#watch.restored();
  }
}

interface SavedMonitor {
  readonly format: string;
  readonly version: number;
  readonly profile: EmotionMonitorSettings["profile"];
  readonly settings: Omit<EmotionMonitorSettings, "profile">;
  readonly state: MonitorState;
}

function assignDeep(target: Record<string, unknown>, source: Record<string, unknown>): void {
  for (const [key, value] of Object.entries(source)) {
    const held = target[key];
    const isPlain = (item: unknown): item is Record<string, unknown> =>
      typeof item === "object" && item !== null && !Array.isArray(item);
    if (isPlain(held) && isPlain(value)) assignDeep(held, value);
    else target[key] = value;
  }
}
