/**
 * Reports as plain data, written as one self-contained HTML file or as text.
 *
 * @module
 */
export { checkReportPath } from "./check_report_path.ts";
export { renderHtmlReport } from "./html_report.ts";
export type {
  Report,
  ReportBlock,
  ReportChart,
  ReportFacts,
  ReportSection,
  ReportSeries,
  ReportTable,
  ReportTone,
  ReportVerdict,
} from "./report.ts";
export { renderTextReport } from "./text_report.ts";
export { writeReport } from "./write_report.ts";
