// This module is browser-safe.

const BYTE_UNITS = ["B", "KB", "MB", "GB", "TB", "PB"] as const;

/**
 * A number of bytes for people, in powers of 1000 with three significant digits, such as `1.57 GB`. The limits of
 * the requirements (8 GB, 10 GB) are meant so, too.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { formatBytes } from "demi-health/base";
 *
 * assert.equal(formatBytes(1_570_000_000), "1.57 GB");
 * ```
 */
export function formatBytes(bytes: number): string {
  if (!Number.isFinite(bytes)) return "–";
  let value = Math.abs(bytes);
  let unit = 0;
  // 999.5 would be printed as 1000 by three digits
  while (value >= 999.5 && unit < BYTE_UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return `${bytes < 0 ? "-" : ""}${value.toFixed(digits)} ${BYTE_UNITS[unit]}`;
}

/**
 * A duration for people, its two largest units: `640 ms`, `4.2 s`, `3 min 20 s`, `2 h 5 min`, `6 d 23 h`.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { formatDuration } from "demi-health/base";
 *
 * assert.equal(formatDuration(7_500_000), "2 h 5 min");
 * ```
 */
export function formatDuration(durationMs: number): string {
  if (!Number.isFinite(durationMs)) return "–";
  const sign = durationMs < 0 ? "-" : "";
  const ms = Math.abs(durationMs);
  if (ms < 999.5) return `${sign}${Math.round(ms)} ms`;
  if (ms < 9_950) return `${sign}${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${sign}${seconds} s`;
  if (seconds < 3600) return sign + twoUnits(seconds, 60, "min", "s");
  const minutes = Math.round(seconds / 60);
  if (minutes < 1440) return sign + twoUnits(minutes, 60, "h", "min");
  return sign + twoUnits(Math.round(minutes / 60), 24, "d", "h");
}

function twoUnits(total: number, large: number, largeName: string, smallName: string): string {
  const rest = total % large;
  return `${Math.floor(total / large)} ${largeName}${rest > 0 ? ` ${rest} ${smallName}` : ""}`;
}

/**
 * A ratio for people as per cent: `0.8342` gives `83 %`, below 10 % with one decimal.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { formatRatio } from "demi-health/base";
 *
 * assert.equal(formatRatio(0.8342), "83 %");
 * ```
 */
export function formatRatio(ratio: number): string {
  if (!Number.isFinite(ratio)) return "–";
  const percent = ratio * 100;
  return `${percent.toFixed(Math.abs(percent) < 9.95 && percent !== 0 ? 1 : 0)} %`;
}
