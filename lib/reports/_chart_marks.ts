// This module is browser-safe.
import { formatDuration } from "../base/format.ts";
import type { ChartFrame } from "./_chart_frame.ts";
import { escapeHtml } from "./_escape.ts";

import type { ReportChart } from "./report.ts";

// Names stand above their lines where all have room for some words; else numbers do, and a list tells what they are.
const MOST_NAMES = 4;
const NAME_SHARE = 0.2;
// What is nearer than that has one number: a telephone shows 280 px.
const NUMBER_SHARE = 0.08;

interface Mark {
  readonly name: string;
  readonly timestamp: number;
  /** Where it is, 0…1 of the width. */
  readonly share: number;
}

/** The marks of a chart that are within it, in the order of time. */
export function marksWithin({ marks = [] }: ReportChart, { from, to }: ChartFrame): readonly Mark[] {
  return marks
    .filter(({ timestamp }) => timestamp >= from && timestamp <= to)
    .map(({ name, timestamp }) => ({ name, timestamp, share: (timestamp - from) / (to - from) }))
    .sort((a, b) => a.timestamp - b.timestamp);
}

/** What stands above the lines: names, or numbers, where names would lie upon each other. */
export function markLabels(marks: readonly Mark[]): string {
  if (areNamed(marks)) {
    return marks.map(({ name, share }) => label(name, share, share > 0.9 ? " end" : "")).join("");
  }
  const groups: { readonly first: number; last: number }[] = [];
  for (const [index, { share }] of marks.entries()) {
    const group = groups.at(-1);
    if (group && share - marks[group.first]!.share < NUMBER_SHARE) group.last = index;
    else groups.push({ first: index, last: index });
  }
  return groups
    .map(({ first, last }) => {
      const middle = (marks[first]!.share + marks[last]!.share) / 2;
      return label(first === last ? String(first + 1) : `${first + 1}–${last + 1}`, middle, "");
    })
    .join("");
}

/** What the numbers stand for; nothing where names stand there. */
export function markList(marks: readonly Mark[], { from }: ChartFrame): string {
  if (areNamed(marks)) return "";
  const items = marks.map(
    ({ name, timestamp }) =>
      `<li>${escapeHtml(`${`after ${formatDuration(timestamp - from)}`}: ${name}`)}</li>`,
  );
  return `<details><summary>What the ${marks.length} dotted lines are</summary><ol>${items.join("")}</ol></details>`;
}

function areNamed(marks: readonly Mark[]): boolean {
  const isApart = marks.every(({ share }, i) => i === 0 || share - marks[i - 1]!.share >= NAME_SHARE);
  return marks.length <= MOST_NAMES && isApart;
}

function label(text: string, share: number, more: string): string {
  return `<span class="mark${more}" style="left:${(share * 100).toFixed(2)}%">${escapeHtml(text)}</span>`;
}
