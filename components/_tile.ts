// This module is browser-safe.
import { html, type TemplateResult } from "lit";
import type { FeedController } from "./_feed_controller.ts";
import { formatDateTime, formatTime } from "./_format.ts";

/** The note of a tile whose data is not live: from when it is. */
export function renderStaleNote(feed: FeedController): TemplateResult {
  const receivedAt = feed.lastReceivedAt;
  if (receivedAt === undefined) return html`<span class="stale-note">not live</span>`;
  const title = `Not live; received at ${formatDateTime(receivedAt)}`;
  return html`<span class="stale-note" title=${title}>stale, ${formatTime(receivedAt, feed.now)}</span>`;
}

/** What stands in a tile without data: why there is none. */
export function renderEmpty(feed: FeedController, none: string): TemplateResult {
  const state = feed.client?.state;
  if (state === "connecting") return html`<p class="empty">Waiting for the feed…</p>`;
  if (state === "unauthorized") return html`<p class="empty">The feed asks for a token.</p>`;
  if (state === "disconnected") return html`<p class="empty">No data: the feed cannot be reached.</p>`;
  return html`<p class="empty">${none}</p>`;
}
