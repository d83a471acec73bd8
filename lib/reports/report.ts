// This module is browser-safe.

/** How something stands: what a badge's icon and colour say beside its words. */
export type ReportTone = "ok" | "info" | "warning" | "critical" | "unknown";

/** A report as plain data: {@linkcode renderHtmlReport} and {@linkcode renderTextReport} write it out. */
export interface Report {
  readonly title: string;
  /** What was looked at, in a line. */
  readonly subtitle?: string | undefined;
  /** Epoch milliseconds. */
  readonly generatedAt: number;
  readonly verdict?: ReportVerdict | undefined;
  readonly sections: readonly ReportSection[];
}

/** The answer, before the reasons. */
export interface ReportVerdict {
  readonly tone: ReportTone;
  /** A word or three. */
  readonly label: string;
  readonly text: string;
}

/** A headed part of a report. */
export interface ReportSection {
  readonly title: string;
  readonly blocks: readonly ReportBlock[];
}

/** What a section is made of. All text is plain: nothing in it is ever markup. */
export type ReportBlock =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "list"; readonly items: readonly string[] }
  | ({ readonly type: "facts" } & ReportFacts)
  | ({ readonly type: "table" } & ReportTable)
  | ({ readonly type: "chart" } & ReportChart);

/** Figures that stand for themselves. */
export interface ReportFacts {
  readonly facts: readonly {
    readonly name: string;
    readonly value: string;
    /** How sure it is, or where it comes from. */
    readonly note?: string | undefined;
    readonly tone?: ReportTone | undefined;
  }[];
}

/** Rows of text below column titles. */
export interface ReportTable {
  readonly caption: string;
  readonly columns: readonly { readonly title: string; readonly isNumeric?: boolean | undefined }[];
  readonly rows: readonly (readonly string[])[];
}

/** Figures over time. */
export interface ReportChart {
  readonly title: string;
  /** What the chart shows, in a sentence: it stands below it, and for it where it cannot be seen. */
  readonly summary: string;
  /** Writes a value of the vertical axis. */
  readonly format: (value: number) => string;
  /** At most four; the first is the one that a text report draws. */
  readonly series: readonly ReportSeries[];
  /** Horizontal lines, drawn where they are within twice of what is shown. */
  readonly limits?: readonly { readonly name: string; readonly value: number }[] | undefined;
  /** Time that is shown, epoch milliseconds: charts of one span stand in line. @default that of the figures */
  readonly span?: { readonly from: number; readonly to: number } | undefined;
  /** Moments, epoch milliseconds. */
  readonly marks?: readonly { readonly name: string; readonly timestamp: number }[] | undefined;
}

/** One line of a chart. */
export interface ReportSeries {
  readonly name: string;
  /** Ordered by time, epoch milliseconds. Points that are not finite make a gap. */
  readonly points: readonly { readonly timestamp: number; readonly value: number }[];
  /** What the truth lies between, drawn as an area. */
  readonly band?:
    | readonly { readonly timestamp: number; readonly low: number; readonly high: number }[]
    | undefined;
}
