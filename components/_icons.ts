// This module is browser-safe.
import { svg, type SVGTemplateResult, html, type TemplateResult } from "lit";
import type { PlatformStatus } from "../lib/base/platform_health.ts";
import type { FeedAlertLevel, FeedStatus } from "../lib/feed/messages.ts";

/** How grave something is: chooses colour and shape, which always come with a word. */
export type Tone = "ok" | "info" | "warning" | "critical" | "unknown" | "muted";

// Each tone has an outline of its own, so that it can be told apart without colour and when small.
const SHAPES: Readonly<Record<Tone, SVGTemplateResult>> = {
  ok: svg`<circle cx="12" cy="12" r="10" class="fill"/><path d="m7.5 12.5 3 3 6-6.5" class="mark"/>`,
  info: svg`<rect x="2.5" y="2.5" width="19" height="19" rx="5" class="fill"/><path d="M12 11v6M12 7.2v.1" class="mark"/>`,
  warning: svg`<path d="M12 2.2 23 21.5H1Z" class="fill"/><path d="M12 9.5v5.2M12 18v.1" class="mark"/>`,
  critical: svg`<path d="M7.6 1.5h8.8l6.1 6.1v8.8l-6.1 6.1H7.6l-6.1-6.1V7.6Z" class="fill"/><path d="m8.3 8.3 7.4 7.4m0-7.4-7.4 7.4" class="mark"/>`,
  unknown: svg`<circle cx="12" cy="12" r="9.5" class="line" stroke-dasharray="3.6 2.4"/><path d="M9.3 9.4a2.8 2.8 0 1 1 3.9 2.7c-.8.4-1.2.9-1.2 1.8M12 16.9v.1" class="line"/>`,
  muted: svg`<circle cx="12" cy="12" r="9.5" class="line"/><path d="M7.5 12h9" class="line"/>`,
};

/** Shape of a tone; the word beside it says the same, so it is hidden from assistive technology. */
export function toneIcon(tone: Tone): TemplateResult {
  return html`<svg class="icon ${tone}" viewBox="0 0 24 24" aria-hidden="true">${SHAPES[tone]}</svg>`;
}

const PLATFORM_TONES: Readonly<Record<PlatformStatus, Tone>> = {
  online: "ok",
  degraded: "warning",
  connecting: "unknown",
  offline: "critical",
  disabled: "muted",
};

const LEVEL_TONES: Readonly<Record<FeedAlertLevel, Tone>> = {
  info: "info",
  warning: "warning",
  critical: "critical",
};

const STATUS_TONES: Readonly<Record<FeedStatus, Tone>> = {
  ok: "ok",
  warning: "warning",
  critical: "critical",
  unknown: "unknown",
};

// What comes from a feed may be of a later version: a word that is not known here is no reason to fail.
export function platformTone(status: PlatformStatus): Tone {
  return PLATFORM_TONES[status] ?? "unknown";
}

export function levelTone(level: FeedAlertLevel): Tone {
  return LEVEL_TONES[level] ?? "unknown";
}

export function statusTone(status: FeedStatus): Tone {
  return STATUS_TONES[status] ?? "unknown";
}
