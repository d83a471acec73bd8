// This module is browser-safe.
import { html, nothing, svg, type TemplateResult } from "lit";
import { formatValue, isKnown, type ValueUnit } from "./_format.ts";
import type { Tone } from "./_icons.ts";

/** A figure of the header. */
export interface Vital {
  readonly label: string;
  readonly text: string;
  readonly isKnown: boolean;
  /** Share of what there is, 0 to 1; drawn as a bar. */
  readonly share: number | undefined;
  readonly tone: Tone;
}

interface VitalSource {
  readonly label: string;
  readonly key: string;
  readonly unit: ValueUnit;
  /** Key of the ratio behind the bar, and where it becomes worth a look: the limits of the default alert rules. */
  readonly ratio?: string;
  readonly warning?: number;
  readonly critical?: number;
}

const VITALS: readonly VitalSource[] = [
  { label: "Resident memory", key: "process_resident_memory_bytes", unit: "bytes" },
  {
    label: "Memory in use",
    key: "demi_memory_usage_ratio",
    unit: "ratio",
    ratio: "demi_memory_usage_ratio",
    warning: 0.8,
    critical: 0.9,
  },
  { label: "CPU", key: "demi_cpu_usage_ratio", unit: "ratio", ratio: "demi_cpu_usage_ratio", warning: 0.85 },
  { label: "Response, p90", key: "demi_response_time_p90_seconds", unit: "seconds" },
  { label: "LLM, p90", key: "demi_llm_response_time_p90_seconds", unit: "seconds" },
];

/** The figures of the header, from the current values. A key that is absent is `no data`. */
export function vitalsOf(values: Readonly<Record<string, number>>): Vital[] {
  return VITALS.map(({ label, key, unit, ratio, warning = Infinity, critical = Infinity }) => {
    const share = ratio === undefined ? undefined : values[ratio];
    const known = isKnown(share);
    const tone = !known ? "muted" : share > critical ? "critical" : share > warning ? "warning" : "ok";
    return {
      label,
      text: formatValue(values[key], unit),
      isKnown: isKnown(values[key]),
      share: known ? Math.min(1, Math.max(0, share)) : undefined,
      tone,
    };
  });
}

/** The figures as a list; nothing before the first values have come. */
export function renderVitals(
  values: Readonly<Record<string, number>> | undefined,
): TemplateResult | typeof nothing {
  if (!values) return nothing;
  return html`<dl class="vitals">
    ${vitalsOf(values).map(
      ({ label, text, isKnown, share, tone }) =>
        html`<div>
          <dt>${label}</dt>
          <dd class=${isKnown ? "" : "missing"}><bdi>${text}</bdi></dd>
          ${share === undefined ? nothing : renderBar(share, tone)}
        </div>`,
    )}
  </dl>`;
}

// SVG and not a width in CSS: a style attribute is what a strict CSP forbids
function renderBar(share: number, tone: Tone): TemplateResult {
  return html`<svg class="bar ${tone}" viewBox="0 0 100 5" preserveAspectRatio="none" aria-hidden="true">
    ${svg`<rect class="track" width="100" height="5" rx="2.5" /><rect class="used" width=${share * 100} height="5" rx="2.5" />`}
  </svg>`;
}
