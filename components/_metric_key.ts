// This module is browser-safe.
import type { ValueUnit } from "./_format.ts";

const KNOWN_LABELS: Readonly<Record<string, string>> = {
  process_resident_memory_bytes: "Resident memory",
  nodejs_heap_size_used_bytes: "Heap used",
  demi_response_time_p50_seconds: "Median",
  demi_response_time_p90_seconds: "90th percentile",
  demi_memory_usage_ratio: "Memory",
  demi_cpu_usage_ratio: "CPU",
  demi_llm_response_time_p90_seconds: "LLM, 90th percentile",
};

const UNITS: readonly (readonly [suffix: RegExp, unit: ValueUnit])[] = [
  [/_bytes$/, "bytes"],
  [/_seconds$/, "seconds"],
  [/_ratio$/, "ratio"],
];

/**
 * Sample keys from an attribute: separated by spaces, which may also stand inside of quoted label values, as in
 * `demi_platform_up{platform="my bot"}`.
 */
export function parseMetricKeys(attribute: string | null | undefined): string[] {
  return (attribute ?? "").match(/(?:"(?:[^"\\]|\\.)*"|\S)+/g) ?? [];
}

/** What a sample key is measured in: by the suffix that Prometheus demands of its name. */
export function unitOfKey(key: string): ValueUnit {
  const name = nameOfKey(key);
  return UNITS.find(([suffix]) => suffix.test(name))?.[1] ?? "number";
}

/** A label for people: the known ones by hand, of others the name without prefix, unit and underscores. */
export function labelOfKey(key: string): string {
  const name = nameOfKey(key);
  const labels = [...key.matchAll(/="((?:[^"\\]|\\.)*)"/g)].map(([, value]) => value);
  const known = KNOWN_LABELS[name] ?? toWords(name);
  return labels.length > 0 ? `${known} (${labels.join(", ")})` : known;
}

function nameOfKey(key: string): string {
  const brace = key.indexOf("{");
  return brace < 0 ? key : key.slice(0, brace);
}

function toWords(name: string): string {
  const words = name
    .replace(/^demi_/, "")
    .replace(/_(?:bytes|seconds|ratio|total)$/, "")
    .replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
