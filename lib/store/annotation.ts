// This module is browser-safe.
import type { Labels } from "../metrics/sample_key.ts";

/** Something that happened and explains what the series show: a restart, a release, a fault that was injected. */
export interface Annotation {
  /** Epoch ms. */
  readonly time: number;
  /** Its end, of what lasts. */
  readonly endTime?: number | undefined;
  /** What sort of thing, for a program: `restart`, `deploy`, `fault`. */
  readonly kind: string;
  /** What it was, for people; plain text. */
  readonly text: string;
  readonly labels?: Labels | undefined;
}

const MOST_TEXT = 4096;

/** @throws {TypeError} If it is none; the message names the field. */
export function checkAnnotation(annotation: Annotation): Annotation {
  const { time, endTime, kind, text, labels = {} } = annotation;
  const check = (isValid: boolean, field: string, expected: string, got: unknown): void => {
    if (isValid) return;
    const found = typeof got === "string" ? `a text of ${got.length} characters` : String(got);
    throw new TypeError(`Cannot annotate: '${field}' must be ${expected}, got ${found}`);
  };
  const isText = (value: unknown): boolean => typeof value === "string" && value.length <= MOST_TEXT;
  check(Number.isFinite(time), "time", "a finite number", time);
  check(endTime === undefined || endTime >= time, "endTime", `at least the time ${time}`, endTime);
  check(isText(kind) && kind !== "", "kind", `a text of 1 to ${MOST_TEXT} characters`, kind);
  check(isText(text), "text", `a text of at most ${MOST_TEXT} characters`, text);
  for (const [name, value] of Object.entries(labels)) {
    check(isText(value), `labels.${name}`, `a text of at most ${MOST_TEXT} characters`, value);
  }
  return annotation;
}
