import type { LeakName } from "../../examples/demi/leaks.ts";
import type { LoadPatternName } from "../../lib/harness/load/load_pattern.ts";

/** Where each planted leak is in examples/demi/leaks.ts: what V8 must name. */
export const LEAK_LINES: Readonly<
  Record<LeakName, { readonly functionName: string; readonly line: number }>
> = {
  history: { functionName: "remember", line: 36 },
  listener: { functionName: "listen", line: 45 },
  timer: { functionName: "remind", line: 53 },
  closure: { functionName: "prepareUndo", line: 62 },
  buffer: { functionName: "record", line: 71 },
  log: { functionName: "write", line: 79 },
};

/** How long each load lasts on the companion's clock, so that there is something to see. */
export const MINUTES: Readonly<Record<LoadPatternName, number>> = {
  stress: 20,
  active: 120,
  casual: 360,
  sporadic: 720,
};
