// This module is browser-safe.
import type { EmotionName } from "../lib/emotion/emotional_state.ts";

// A list of its own, checked against the type: components take only types from the emotion area.
const ORDER: readonly EmotionName[] = [
  "loneliness",
  "excitement",
  "frustration",
  "jealousy",
  "vulnerability",
  "confidence",
  "curiosity",
  "affection",
  "defensiveness",
];

/** Share of the radius that one unit of value takes; the rest beyond 1 is left to momentum. */
export const MOMENTUM_LIMIT = 0.25;

/** A state to draw: any named values, Demi's nine by default. */
export interface RadarState {
  readonly values: Readonly<Record<string, number | undefined>>;
  /** What is left of how far each was driven beyond 1. */
  readonly momentum?: Readonly<Record<string, number | undefined>> | undefined;
}

/** A point of the drawing, y downwards, the centre at 0, the ring of 1 at `radius`. */
export interface RadarPoint {
  readonly x: number;
  readonly y: number;
}

/** One axis of the radar. */
export interface RadarAxis {
  readonly name: string;
  /** `undefined` where the value is not known. */
  readonly value: number | undefined;
  readonly momentum: number;
  readonly end: RadarPoint;
  /** Where the value lies; on the axis also when it is out of bounds, which are kept to 0 and 1. */
  readonly point: RadarPoint | undefined;
  /** Tip of the momentum beyond the ring of 1, where there is any. */
  readonly tip: RadarPoint | undefined;
  readonly label: RadarPoint;
  readonly anchor: "start" | "middle" | "end";
}

/** Names in the order in which they are drawn: the nine first, whether they have a value or not, then what else came. */
export function emotionNames(values: RadarState["values"]): string[] {
  const given = Object.keys(values);
  const isDemi = given.length === 0 || given.some((name) => ORDER.includes(name as EmotionName));
  const others = given.filter((name) => !ORDER.includes(name as EmotionName));
  return isDemi ? [...ORDER, ...others] : others;
}

/** Axes of a state, clockwise from the top. */
export function radarAxes(state: RadarState, radius: number, labelGap = 14): RadarAxis[] {
  const names = emotionNames(state.values);
  return names.map((name, index) => {
    const angle = (2 * Math.PI * index) / names.length;
    const at = (share: number, extra = 0): RadarPoint => ({
      x: round(Math.sin(angle) * (radius * share + extra)),
      y: round(-Math.cos(angle) * (radius * share + extra)),
    });
    const value = finite(state.values[name]);
    const momentum = finite(state.momentum?.[name]) ?? 0;
    const side = Math.sin(angle);
    return {
      name,
      value,
      momentum,
      end: at(1),
      point: value === undefined ? undefined : at(Math.min(1, Math.max(0, value))),
      tip: momentum > 0 ? at(1 + Math.min(MOMENTUM_LIMIT, momentum)) : undefined,
      label: at(1 + Math.min(MOMENTUM_LIMIT, Math.max(0, momentum)), labelGap),
      anchor: Math.abs(side) < 0.1 ? "middle" : side > 0 ? "start" : "end",
    };
  });
}

/**
 * Path of the state's outline. A missing value interrupts it: the neighbours are not joined across the gap, and only
 * a complete outline is closed.
 */
export function outlinePath(axes: readonly Pick<RadarAxis, "point">[]): string {
  const start = axes.findIndex(({ point }) => point === undefined);
  const commands: string[] = [];
  let drawing = false;
  for (let step = 1; step <= axes.length; step++) {
    const point = axes[(start + step) % axes.length]?.point;
    if (point) commands.push(`${drawing ? "L" : "M"}${point.x} ${point.y}`);
    drawing = point !== undefined;
  }
  return commands.join("") + (start < 0 && commands.length > 2 ? "Z" : "");
}

/** Path of the ring at a share of the radius. */
export function ringPath(count: number, radius: number): string {
  const points = Array.from({ length: count }, (_, index) => {
    const angle = (2 * Math.PI * index) / count;
    return `${round(Math.sin(angle) * radius)} ${round(-Math.cos(angle) * radius)}`;
  });
  return `M${points.join("L")}Z`;
}

/** The `count` largest known values, largest first. */
export function strongest(axes: readonly RadarAxis[], count = 2): RadarAxis[] {
  return axes
    .filter(({ value }) => value !== undefined)
    .toSorted((a, b) => b.value! - a.value!)
    .slice(0, count);
}

function finite(value: number | undefined): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

function round(value: number): number {
  return Math.round(value * 100) / 100 + 0;
}
