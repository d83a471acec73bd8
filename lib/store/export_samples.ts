import type { Labels } from "../metrics/sample_key.ts";

/** Which samples to export, and as what. */
export interface ExportQuery {
  /** `csv` by RFC 4180, with a header; `ndjson`, a JSON object a line. */
  readonly format: "csv" | "ndjson";
  /** Epoch ms, both included. Default: all. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  /** Of one metric. Default: of all. */
  readonly name?: string | undefined;
  /** Of series with these labels. */
  readonly labels?: Labels | undefined;
}

/** A sample, or a rollup of several. */
export interface ExportedRow {
  /** Epoch ms; of a rollup its beginning. */
  readonly time: number;
  readonly key: string;
  /** Of a rollup the mean. */
  readonly value: number;
  readonly min: number;
  readonly max: number;
  /** 0 for a sample. */
  readonly stepMs: number;
}

const ROWS_A_PART = 500;
const HEADER = "time,key,value,min,max,step_ms\r\n";

/** @throws {RangeError} If there is no such format. */
export function checkExport({ format }: ExportQuery): void {
  if (format !== "csv" && format !== "ndjson") {
    throw new RangeError(`Cannot export samples: 'format' must be csv or ndjson, got ${String(format)}`);
  }
}

/** Lines of rows, some hundred at a time. */
export function* formatRows(
  rows: Iterable<ExportedRow>,
  format: ExportQuery["format"],
): Generator<string, void, undefined> {
  let part = format === "csv" ? HEADER : "";
  let count = 0;
  for (const row of rows) {
    part += format === "csv" ? toCsv(row) : `${JSON.stringify(toJson(row))}\n`;
    if (++count % ROWS_A_PART > 0) continue;
    yield part;
    part = "";
  }
  if (part !== "") yield part;
}

function toCsv({ time, key, value, min, max, stepMs }: ExportedRow): string {
  const name = /[",]/.test(key) ? `"${key.replaceAll('"', '""')}"` : key;
  return `${new Date(time).toISOString()},${name},${value},${min},${max},${stepMs}\r\n`;
}

function toJson({ time, key, value, min, max, stepMs }: ExportedRow): Partial<ExportedRow> {
  return stepMs === 0 ? { time, key, value } : { time, key, value, min, max, stepMs };
}
