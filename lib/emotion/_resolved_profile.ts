// This module is browser-safe.
import { type EmotionNumbers, type EmotionProfile } from "./emotion_profile.ts";

/** Numbers of a profile by place instead of by name, for the hot path. */
export interface ResolvedProfile {
  readonly source: EmotionProfile;
  readonly names: readonly string[];
  readonly size: number;
  readonly min: number;
  readonly max: number;
  /** Width of the range: what is small or far is a share of it. */
  readonly span: number;
  readonly floors: readonly number[];
  readonly rates: readonly number[];
  readonly drifts: readonly number[];
  /** What a decay is a share of: the distance to this. */
  readonly bases: readonly number[];
  readonly kinds: ReadonlyMap<string, readonly number[]>;
  /** The most that a single interaction takes and gives, without momentum. */
  readonly mostDown: readonly number[];
  readonly mostUp: readonly number[];
  /** The most momentum an interaction can leave. */
  readonly mostMomentum: readonly number[];
  readonly leastDampening: number;
}

const MOST_EMOTIONS = 64;

/** @throws {TypeError | RangeError} If the profile contradicts itself; the message says where. */
export function resolveProfile(profile: EmotionProfile): ResolvedProfile {
  const { emotions: names, range, floors = {}, decay, interactions } = profile;
  check("emotions", `1 to ${MOST_EMOTIONS} different names`, names, isNameList(names));
  check(
    "range",
    "two finite numbers, min < max",
    range,
    range?.min < range?.max && isFinite(range.max - range.min),
  );
  const { min, max } = range;
  checkNumbers("floors", floors, names, (floor) => floor >= min && floor < max);
  const byName = (numbers: EmotionNumbers | undefined, missing: number): number[] =>
    names.map((name) => numbers?.[name] ?? missing);
  checkDecay(profile);
  checkInteractions(profile);
  const lows = byName(floors, min);
  const kinds = new Map(
    Object.entries(interactions?.deltas ?? {}).map(([kind, of]) => [kind, byName(of, 0)]),
  );
  const all = [...kinds.values()];
  const amplification = interactions?.momentumAmplification ?? 0;
  // an interaction that nothing is known of can do anything
  const most = (direction: number): number[] =>
    names.map((_, i) =>
      interactions
        ? direction * Math.max(0, ...all.map((deltas) => direction * deltas[i]!))
        : direction * (max - min),
    );
  const mostUp = most(1);
  return {
    source: profile,
    names,
    size: names.length,
    min,
    max,
    span: max - min,
    floors: lows,
    rates: byName(decay?.rates, 0),
    drifts: byName(decay?.idle?.perTick, 0),
    bases: decay?.shareOf === "value" ? names.map(() => 0) : lows,
    kinds,
    mostDown: most(-1),
    mostUp,
    // momentum m that feeds itself: m = delta × (1 + amplification × m)
    mostMomentum: mostUp.map(
      (delta) => (amplification === 0 ? 0 : delta) / Math.max(0.01, 1 - amplification * delta),
    ),
    leastDampening: Math.min(1, ...(interactions?.dampening ?? [])),
  };
}

function isNameList(names: unknown): boolean {
  if (!Array.isArray(names) || names.length === 0 || names.length > MOST_EMOTIONS) return false;
  const isName = (name: unknown): boolean => typeof name === "string" && name !== "" && !RESERVED.has(name);
  return names.every(isName) && new Set(names).size === names.length;
}

const RESERVED = new Set(["momentum", "lastUpdated", "last_updated", "__proto__"]);

function checkDecay({ decay, emotions }: EmotionProfile): void {
  if (!decay) return;
  check("decay.tickMs", "> 0 and finite", decay.tickMs, decay.tickMs > 0 && decay.tickMs < Infinity);
  checkNumbers("decay.rates", decay.rates, emotions, (rate) => rate >= 0 && rate < 1);
  check("decay.shareOf", "distance or value", decay.shareOf, ["distance", "value"].includes(decay.shareOf));
  const { high, idle, momentumHalfLifeMs: halfLife = 1 } = decay;
  check("decay.high.factor", "in [0, 1]", high?.factor, !high || (high.factor >= 0 && high.factor <= 1));
  check("decay.momentumHalfLifeMs", "> 0", halfLife, halfLife > 0);
  if (!idle) return;
  check("decay.idle.afterMs", ">= 0", idle.afterMs, idle.afterMs >= 0);
  check("decay.idle.peakFactor", ">= 1", idle.peakFactor, idle.peakFactor >= 1);
  check("decay.idle.peakAfterMs", "> 0", idle.peakAfterMs, idle.peakAfterMs > 0);
  checkNumbers("decay.idle.perTick", idle.perTick, emotions, Number.isFinite);
}

function checkInteractions({ interactions, emotions }: EmotionProfile): void {
  if (!interactions) return;
  const { deltas, dampening, momentumAmplification: amplification } = interactions;
  const isFactor = (factor: number): boolean => factor > 0 && factor <= 1;
  check(
    "interactions.dampening",
    "factors in (0, 1]",
    dampening,
    dampening.length > 0 && dampening.every(isFactor),
  );
  check(
    "interactions.momentumAmplification",
    ">= 0",
    amplification,
    amplification >= 0 && amplification < Infinity,
  );
  for (const [kind, numbers] of Object.entries(deltas)) {
    check(
      "interactions.deltas",
      "without the names of no kind: message, none, restart",
      kind,
      !PSEUDO.has(kind),
    );
    checkNumbers(`interactions.deltas.${kind}`, numbers, emotions, Number.isFinite);
  }
}

const PSEUDO = new Set(["message", "none", "restart"]);

function checkNumbers(
  where: string,
  numbers: EmotionNumbers,
  names: readonly string[],
  holds: (value: number) => boolean,
): void {
  for (const [name, value] of Object.entries(numbers)) {
    check(where, "of emotions that the profile has", name, names.includes(name));
    check(`${where}.${name}`, "a number in its range", value, typeof value === "number" && holds(value));
  }
}

function check(name: string, rule: string, value: unknown, holds: boolean): void {
  if (holds) return;
  throw new RangeError(`Cannot use emotion profile: '${name}' must be ${rule}, got ${JSON.stringify(value)}`);
}
