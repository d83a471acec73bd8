import { quantile } from "../../stats/quantile.ts";
import type { RecoveryTimes } from "./recovery_report.ts";

/** Quantiles of recoveries; undefined where there was none. */
export function toTimes(recoveriesMs: readonly number[]): RecoveryTimes | undefined {
  if (recoveriesMs.length === 0) return undefined;
  return {
    count: recoveriesMs.length,
    p50: quantile(recoveriesMs, 0.5),
    p95: quantile(recoveriesMs, 0.95),
    max: Math.max(...recoveriesMs),
  };
}
