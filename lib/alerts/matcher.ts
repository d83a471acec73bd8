// This module is browser-safe.
import type { Labels } from "../metrics/sample_key.ts";

/** Compares one label of an alert. A label that is not there is the empty text; a regular expression must match all of it. */
export interface LabelMatcher {
  readonly label: string;
  readonly op: "=" | "!=" | "=~" | "!~";
  readonly value: string;
}

const OPERATORS: ReadonlySet<unknown> = new Set(["=", "!=", "=~", "!~"]);
const MOST = 1000;
const compiled = new WeakMap<LabelMatcher, RegExp>();

/** Whether all matchers match. */
export function matchesAll(matchers: readonly LabelMatcher[], labels: Labels): boolean {
  return matchers.every((matcher) => matches(matcher, labels[matcher.label] ?? ""));
}

function matches(matcher: LabelMatcher, value: string): boolean {
  switch (matcher.op) {
    case "=":
      return value === matcher.value;
    case "!=":
      return value !== matcher.value;
    case "=~":
      return pattern(matcher).test(value);
    case "!~":
      return !pattern(matcher).test(value);
  }
}

function pattern(matcher: LabelMatcher): RegExp {
  const known = compiled.get(matcher) ?? new RegExp(`^(?:${matcher.value})$`, "u");
  compiled.set(matcher, known);
  return known;
}

/**
 * Matchers from data of unknown origin.
 *
 * @param what Whose they are, for the error.
 * @throws {TypeError} If they are none, or would match every alert; the message says where.
 */
export function parseMatchers(input: unknown, what: string): readonly LabelMatcher[] {
  const fail = (field: string, expected: string, got: unknown): TypeError =>
    new TypeError(
      `Cannot ${what}: '${field}' must be ${expected}, got ${JSON.stringify(got) ?? String(got)}`,
    );
  if (!Array.isArray(input) || input.length === 0) throw fail("matchers", "a list of at least one", input);
  return input.map((one: unknown, i) => {
    const { label, op, value } = (one ?? {}) as Record<string, unknown>;
    const where = `matchers[${i}]`;
    if (typeof label !== "string" || label === "") throw fail(`${where}.label`, "a label's name", label);
    if (!OPERATORS.has(op)) throw fail(`${where}.op`, "one of =, !=, =~, !~", op);
    if (typeof value !== "string" || value.length > MOST)
      throw fail(`${where}.value`, `a text of at most ${MOST} characters`, value);
    const matcher = { label, op: op as LabelMatcher["op"], value };
    try {
      if (matcher.op.endsWith("~")) pattern(matcher);
    } catch {
      throw fail(`${where}.value`, "a regular expression", value);
    }
    return matcher;
  });
}
