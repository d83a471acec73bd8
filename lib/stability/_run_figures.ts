import { EMOTION_NAMES, type EmotionName } from "../emotion/emotional_state.ts";
import type { PlatformName } from "../harness/environment.ts";
import type { TimelineLine } from "./_timeline.ts";

/** A number seen at a moment. */
export interface Observation {
  readonly atMs: number;
  readonly value: number;
}

/** Figures of a run, taken from its timeline, in the order of their times. */
export interface RunFigures {
  /** Milliseconds until the reply. */
  readonly latencies: ReadonlyMap<PlatformName, readonly Observation[]>;
  /** Of each message that was answered or could have been: 1 for one without a reply. */
  readonly failures: readonly Observation[];
  /** Of each look: 1 for one that was not answered. */
  readonly silences: readonly Observation[];
  readonly emotions: Readonly<Record<EmotionName, readonly Observation[]>>;
  /** Bytes; left after a full collection, where that is known. */
  readonly collected: readonly Observation[];
  readonly resident: readonly Observation[];
  /** Milliseconds to come back, by the fault; `undefined` where it did not. */
  readonly recoveries: ReadonlyMap<string, readonly (number | undefined)[]>;
}

/** @param untilMs What came later is left out. */
export function readFigures(lines: Iterable<TimelineLine>, untilMs: number): RunFigures {
  const figures: Growing = {
    latencies: new Map(),
    recoveries: new Map(),
    emotions: Object.fromEntries(
      EMOTION_NAMES.map((name): [EmotionName, Observation[]] => [name, []]),
    ) as Record<EmotionName, Observation[]>,
    failures: [],
    silences: [],
    collected: [],
    resident: [],
  };
  for (const line of lines) if (line.atMs <= untilMs) addLine(figures, line);
  return figures;
}

interface Growing {
  latencies: Map<PlatformName, Observation[]>;
  recoveries: Map<string, (number | undefined)[]>;
  emotions: Record<EmotionName, Observation[]>;
  failures: Observation[];
  silences: Observation[];
  collected: Observation[];
  resident: Observation[];
}

interface ReadLine extends TimelineLine {
  readonly platform?: PlatformName;
  readonly latencyMs?: number;
  readonly isExcused?: boolean;
  readonly emotions?: readonly (number | null)[];
  readonly memory?: { readonly rssBytes?: number; readonly postGcBytes?: number };
  readonly what?: string;
  readonly recoveryMs?: number | null;
}

function addLine(figures: Growing, line: ReadLine): void {
  const { kind, atMs, platform, latencyMs, what } = line;
  if (kind === "reply" && platform !== undefined && latencyMs !== undefined) {
    entryOf(figures.latencies, platform).push({ atMs, value: latencyMs });
    figures.failures.push({ atMs, value: 0 });
  } else if (kind === "no-reply" && line.isExcused !== true) {
    figures.failures.push({ atMs, value: 1 });
  } else if (kind === "recovery" && what !== undefined) {
    entryOf(figures.recoveries, what).push(line.recoveryMs ?? undefined);
  } else if (kind === "look") addLook(figures, line);
}

function addLook(figures: Growing, { atMs, emotions, memory }: ReadLine): void {
  figures.silences.push({ atMs, value: emotions === undefined ? 1 : 0 });
  for (const [index, name] of EMOTION_NAMES.entries()) {
    const value = emotions?.[index];
    if (typeof value === "number") figures.emotions[name].push({ atMs, value });
  }
  if (memory?.rssBytes !== undefined) figures.resident.push({ atMs, value: memory.rssBytes });
  if (memory?.postGcBytes !== undefined) figures.collected.push({ atMs, value: memory.postGcBytes });
}

function entryOf<K, V>(map: Map<K, V[]>, key: K): V[] {
  let list = map.get(key);
  if (!list) map.set(key, (list = []));
  return list;
}
