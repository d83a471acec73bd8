import type { ScenarioResult } from "./scenario.ts";

/** Options of {@linkcode toJUnit}. */
export interface JUnitOptions {
  /** Name of the suite. @default {"scenarios"} */
  readonly name?: string | undefined;
}

// What XML 1.0 has no way to write, not even escaped.
const UNWRITABLE = /[^\P{Cc}\t\n\r]|\p{Cs}|[\ufffe\uffff]/gu;
const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "\n": "&#10;",
};

function escape(text: string): string {
  return text.replaceAll(UNWRITABLE, "\ufffd").replaceAll(/[&<>"\n]/g, (character) => ESCAPES[character]!);
}

/**
 * Results as JUnit XML, which continuous integration shows: a failure for a defect, an error for what could not run.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { toJUnit } from "demi-health/harness";
 *
 * assert.match(toJUnit([]), /<testsuite name="scenarios" tests="0"/);
 * ```
 */
export function toJUnit(results: readonly ScenarioResult[], options: JUnitOptions = {}): string {
  const { name = "scenarios" } = options;
  const count = (outcome: ScenarioResult["outcome"]): number =>
    results.filter((result) => result.outcome === outcome).length;
  const seconds = results.reduce((sum, { durationMs }) => sum + durationMs, 0) / 1000;
  const totals = `tests="${results.length}" failures="${count("failed")}" errors="${count("could-not-run")}" skipped="${count("skipped")}"`;
  const suite = `<testsuite name="${escape(name)}" ${totals} time="${seconds.toFixed(3)}">`;
  const cases = results.map((result) => toCase(result, name)).join("");
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n  ${suite}\n${cases}  </testsuite>\n</testsuites>\n`;
}

function toCase(result: ScenarioResult, suite: string): string {
  const { name, seed, durationMs, outcome, error = "" } = result;
  const head = `<testcase classname="${escape(suite)}" name="${escape(`${name} (seed ${seed})`)}" time="${(durationMs / 1000).toFixed(3)}"`;
  if (outcome === "passed") return `    ${head}/>\n`;
  const tag = outcome === "failed" ? "failure" : outcome === "skipped" ? "skipped" : "error";
  const [first = ""] = error.split("\n");
  return `    ${head}>\n      <${tag} message="${escape(first)}">${escape(error)}</${tag}>\n    </testcase>\n`;
}
