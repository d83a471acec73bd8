// This module is browser-safe.
import { type CSSResultGroup, html, nothing, type PropertyDeclarations, type TemplateResult } from "lit";
import type { FeedRun, FeedRunState, FeedRunVerdict } from "../lib/feed/messages.ts";
import { FeedElement } from "./_feed_element.ts";
import { formatBytes, formatDuration, formatNumber, formatRatio, NO_DATA } from "./_format.ts";
import { type Tone, toneIcon } from "./_icons.ts";
import { runStyles } from "./_run_styles.ts";
import { tileStyles, tokenStyles } from "./_styles.ts";
import { renderEmpty, renderStaleNote } from "./_tile.ts";

const STATES: Readonly<Record<FeedRunState, readonly [Tone, string]>> = {
  starting: ["unknown", "Starting"],
  running: ["info", "Running"],
  died: ["critical", "Died"],
  failed: ["critical", "Could not go on"],
  stopped: ["warning", "Stopped"],
  finished: ["ok", "Finished"],
};
const OUTCOMES: Readonly<Record<FeedRunVerdict["outcome"], readonly [Tone, string]>> = {
  healthy: ["ok", "healthy"],
  defect: ["critical", "defect"],
  "not-enough-evidence": ["unknown", "not enough evidence yet"],
};
const UNKNOWN: readonly [Tone, string] = ["unknown", "unknown"];

// A run in earnest tells once a minute of its clock at least, a virtual one once a second: what is much older comes from
// one that hangs.
const OLD_MS = { system: 180_000, virtual: 30_000 } as const;

/**
 * A stability run as it goes: how far it is, how fast, what it found, which faults are on, and what it has proved so far.
 *
 * @csspart tile - The surface.
 * @csspart badge - The state.
 * @csspart bar - The progress bar.
 * @csspart findings - What was found.
 * @cssprop [--demi-color-accent=light-dark(#5b4bd6, #a99bff)] - The bar.
 */
export class DemiRunProgress extends FeedElement {
  static override styles: CSSResultGroup = [tokenStyles, tileStyles, runStyles];

  static override properties: PropertyDeclarations = {
    heading: { type: String },
    run: { attribute: false },
  };

  /** Heading of the tile. */
  declare heading: string;
  /** A run to show instead of the feed's. */
  declare run: FeedRun | undefined;

  constructor() {
    super();
    this.heading = "Stability run";
    this.run = undefined;
  }

  override render(): TemplateResult {
    const run = this.run ?? this.feed.model?.run;
    const isOld = this.run === undefined && !this.feed.isLive;
    return html`<div part="tile" class="tile ${isOld ? "stale" : ""}" role="group" aria-labelledby="heading">
      <div class="head">
        <h2 id="heading">${this.heading}</h2>
        ${isOld ? renderStaleNote(this.feed) : run ? this.#renderAge(run) : nothing}
      </div>
      <div class="content">
        ${run ? this.#renderRun(run, isOld) : renderEmpty(this.feed, "No stability run is followed.")}
      </div>
    </div>`;
  }

  #ageOf(run: FeedRun): number {
    return Math.max(0, (this.run ? this.feed.now : this.feed.hostNow) - run.time);
  }

  #renderAge(run: FeedRun): TemplateResult {
    const age = this.#ageOf(run);
    const isOverdue = run.state === "running" && age > oldMs(run);
    const told = age < 2000 ? "told now" : `told ${formatDuration(age)} ago`;
    return html`<span class=${isOverdue ? "stale-note" : "note"}
      >${isOverdue ? "silent, " : ""}${told}</span
    >`;
  }

  #renderRun(run: FeedRun, isOld: boolean): TemplateResult {
    const isSilent = run.state === "running" && (isOld || this.#ageOf(run) > oldMs(run));
    const [tone, word] = isSilent
      ? (["unknown", "Was running"] as const)
      : Object.hasOwn(STATES, run.state)
        ? STATES[run.state]
        : UNKNOWN;
    const where = run.mode === "virtual" ? "virtual time" : "real time";
    return html`<p class="state ${tone}">
        <span part="badge" class="badge" role="status">${toneIcon(tone)}${word}</span>
        <span class="about"><bdi>${run.name}</bdi>, ${where}</span>
      </p>
      ${renderBar(run, isSilent)} ${renderFigures(run)} ${renderVerdicts(run.verdicts)}
      ${renderList("Faults that are on", "faults", run.faults, "None")}
      ${renderList(`Findings (${formatNumber(run.findings)})`, "findings", run.latestFindings, "None so far")}`;
  }
}

function oldMs({ mode }: FeedRun): number {
  return mode === "virtual" ? OLD_MS.virtual : OLD_MS.system;
}

function renderBar(run: FeedRun, isSilent: boolean): TemplateResult {
  const ratio = run.durationMs > 0 ? Math.min(1, Math.max(0, run.elapsedMs / run.durationMs)) : 0;
  const reached = `${formatDuration(run.elapsedMs)} of ${formatDuration(run.durationMs)}`;
  const isGoing = run.state === "running" && !isSilent;
  const left = !isGoing
    ? ""
    : run.leftMs === undefined || run.leftMs === null
      ? "time left not known yet"
      : `${formatDuration(run.leftMs)} left`;
  const text = `${reached}${left && `, ${left}`}`;
  return html`<div
      part="bar"
      class="bar graphic"
      role="progressbar"
      aria-label="Progress of the run"
      aria-valuemin="0"
      aria-valuemax="100"
      aria-valuenow=${Math.round(ratio * 100)}
      aria-valuetext=${text}
    >
      <svg viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">
        <rect width=${ratio * 100} height="1" />
      </svg>
    </div>
    <p class="reached"><span>${reached} (${formatRatio(ratio)})</span><span>${left}</span></p>`;
}

function renderFigures(run: FeedRun): TemplateResult {
  const hours = run.elapsedMs / 3_600_000;
  const counted = run.answered + run.failed;
  const perHour = (count: number): string =>
    hours > 0 ? `${formatNumber(count / hours, undefined, 1)} an hour` : "";
  const figures = [
    ["Messages", formatNumber(run.sent), perHour(run.sent)],
    ["Replies", formatNumber(run.answered), perHour(run.answered)],
    [
      "Errors",
      formatNumber(run.failed),
      counted > 0 ? `${formatRatio(run.failed / counted)} of messages` : NO_DATA,
    ],
    ["Memory", typeof run.rssBytes === "number" ? formatBytes(run.rssBytes) : NO_DATA, "resident"],
    [
      "Speed",
      typeof run.speed === "number" ? `× ${formatNumber(run.speed, undefined, 0)}` : NO_DATA,
      "of real time",
    ],
  ] as const;
  return html`<dl class="figures">
    ${figures.map(
      ([name, value, detail]) =>
        html`<div>
          <dt>${name}</dt>
          <dd>${value}</dd>
          <dd class="detail">${detail}</dd>
        </div>`,
    )}
  </dl>`;
}

function renderVerdicts(verdicts: readonly FeedRunVerdict[]): TemplateResult {
  if (verdicts.length === 0) return html`<p class="note">No verdicts yet.</p>`;
  return html`<h3>Verdicts so far</h3>
    <ul class="verdicts">
      ${verdicts.map(({ name, outcome }) => {
        const [tone, word] = Object.hasOwn(OUTCOMES, outcome) ? OUTCOMES[outcome] : UNKNOWN;
        return html`<li class=${tone}>
          ${toneIcon(tone)}<span><bdi>${name}</bdi>: ${word}</span>
        </li>`;
      })}
    </ul>`;
}

function renderList(title: string, part: string, items: readonly string[], none: string): TemplateResult {
  return html`<h3>${title}</h3>
    ${
      items.length === 0
        ? html`<p class="note">${none}</p>`
        : html`<ul part=${part} class="sentences">
            ${items.map((item) => html`<li dir="auto">${item}</li>`)}
          </ul>`
    }`;
}

if (!customElements.get("demi-run-progress")) customElements.define("demi-run-progress", DemiRunProgress);
