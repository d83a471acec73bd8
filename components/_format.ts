// This module is browser-safe.
/**
 * Numbers, units and times in the reader's locale. Everything takes the locale, `undefined` being the reader's own,
 * so that tests can name one.
 */

/** Locale of a formatter; `undefined` is the reader's. */
export type Locale = string | undefined;

/** How much room a unit may take: `12s`, `12 sec`, `12 seconds`. */
export type UnitDisplay = "narrow" | "short" | "long";

/** What a value is measured in; decides how it is written and how an axis is divided. */
export type ValueUnit = "bytes" | "seconds" | "ratio" | "number";

/** What stands where a value is not known. Never a zero. */
export const NO_DATA = "no data";

const BYTE_UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte", "petabyte"] as const;
const numberFormats = new Map<string, Intl.NumberFormat>();
const timeFormats = new Map<string, Intl.DateTimeFormat>();

// Making an Intl formatter costs some 20 µs, using one less than 1: a panel writes a hundred numbers a second.
function numberFormat(locale: Locale, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = `${locale ?? ""}|${JSON.stringify(options)}`;
  let format = numberFormats.get(key);
  if (!format) numberFormats.set(key, (format = new Intl.NumberFormat(locale, options)));
  return format;
}

function timeFormat(locale: Locale, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${locale ?? ""}|${JSON.stringify(options)}`;
  let format = timeFormats.get(key);
  if (!format) timeFormats.set(key, (format = new Intl.DateTimeFormat(locale, options)));
  return format;
}

/** Whether a value may be written as a number at all. */
export function isKnown(value: number | null | undefined): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

/** Bytes in powers of 1000 with three significant digits: `1.57 GB`, `1,57 GB`. */
export function formatBytes(bytes: number, locale?: Locale): string {
  let value = Math.abs(bytes);
  let index = 0;
  while (value >= 999.5 && index < BYTE_UNITS.length - 1) {
    value /= 1000;
    index++;
  }
  return numberFormat(locale, {
    style: "unit",
    unit: BYTE_UNITS[index]!,
    unitDisplay: index === 0 ? "narrow" : "short",
    maximumSignificantDigits: 3,
    // 1.60 beside 1.57 instead of 1.6: digits that come and go make a live figure tremble
    ...(index > 0 && value < 99.95 ? { minimumSignificantDigits: 3 } : {}),
  }).format(Math.sign(bytes) * value);
}

/** Seconds as a measured value, milliseconds below one second: `42ms`, `1.24s`. */
export function formatSeconds(seconds: number, locale?: Locale): string {
  const small = seconds !== 0 && Math.abs(seconds) < 0.9995;
  return numberFormat(locale, {
    style: "unit",
    unit: small ? "millisecond" : "second",
    unitDisplay: "narrow",
    maximumSignificantDigits: 3,
  }).format(small ? seconds * 1000 : seconds);
}

/** A ratio as per cent, with one decimal below ten. */
export function formatRatio(ratio: number, locale?: Locale): string {
  const fine = Math.abs(ratio) < 0.0995;
  return numberFormat(locale, { style: "percent", maximumFractionDigits: fine ? 1 : 0 }).format(ratio);
}

/** A count or a value without unit. */
export function formatNumber(value: number, locale?: Locale, maximumFractionDigits = 2): string {
  return numberFormat(locale, { maximumFractionDigits }).format(value);
}

/** A value in its unit, or `no data`. */
export function formatValue(value: number | null | undefined, unit: ValueUnit, locale?: Locale): string {
  if (!isKnown(value)) return NO_DATA;
  if (unit === "bytes") return formatBytes(value, locale);
  if (unit === "seconds") return formatSeconds(value, locale);
  return unit === "ratio" ? formatRatio(value, locale) : formatNumber(value, locale);
}

const DURATION_UNITS = [
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
] as const;

/** An age or a span by its two largest units: `3m 20s`, `6d 23h`; below a second `0s`. */
export function formatDuration(durationMs: number, display: UnitDisplay = "narrow", locale?: Locale): string {
  const seconds = Math.max(0, Math.floor(durationMs / 1000));
  const largest = DURATION_UNITS.findIndex(([, size]) => seconds >= size);
  const parts: string[] = [];
  let rest = seconds;
  for (const [unit, size] of DURATION_UNITS.slice(largest < 0 ? -1 : largest).slice(0, 2)) {
    const count = Math.floor(rest / size);
    rest %= size;
    if (count > 0 || parts.length === 0) parts.push(unitText(count, unit, display, locale));
  }
  return parts.join(" ");
}

/** Milliseconds of a round trip: `42ms`, `1.2s`; `<1ms` below one, where many clients measure 0. */
export function formatLatency(latencyMs: number, locale?: Locale): string {
  if (latencyMs < 1) return `<${unitText(1, "millisecond", "narrow", locale)}`;
  return formatSeconds(latencyMs / 1000, locale);
}

function unitText(count: number, unit: string, unitDisplay: UnitDisplay, locale: Locale): string {
  return numberFormat(locale, { style: "unit", unit, unitDisplay }).format(count);
}

/** Time of day of an epoch time, with the date where it is not within the last 20 hours of `now`. */
export function formatTime(epochMs: number, now: number, locale?: Locale): string {
  const near = Math.abs(now - epochMs) < 20 * 3_600_000;
  return timeFormat(
    locale,
    near ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" },
  ).format(epochMs);
}

/** Time of day, for the ticks of an axis. */
export function formatShortTime(epochMs: number, locale?: Locale): string {
  return timeFormat(locale, { timeStyle: "short" }).format(epochMs);
}

/** Day of the month, for the ticks of an axis over days. */
export function formatDay(epochMs: number, locale?: Locale): string {
  return timeFormat(locale, { month: "short", day: "numeric" }).format(epochMs);
}

/** Time of day with seconds, for a position on a chart. */
export function formatTimeOfDay(epochMs: number, locale?: Locale): string {
  return timeFormat(locale, { timeStyle: "medium" }).format(epochMs);
}

/** Date and time in full, for tooltips and tables. */
export function formatDateTime(epochMs: number, locale?: Locale): string {
  return timeFormat(locale, { dateStyle: "medium", timeStyle: "medium" }).format(epochMs);
}

/** Names joined as the locale joins them: `a, b and c`. */
export function formatList(names: readonly string[], locale?: Locale): string {
  return new Intl.ListFormat(locale, { type: "conjunction" }).format(names);
}
