// This module is browser-safe.
/**
 * The elements, each usable alone. Importing this module defines all of them; `demi-health/components/demi-…` defines one.
 *
 * @module
 */
import type { DemiAlertList } from "./demi-alert-list.ts";
import type { DemiEmotionRadar } from "./demi-emotion-radar.ts";
import type { DemiHealthPanel } from "./demi-health-panel.ts";
import type { DemiLeakVerdict } from "./demi-leak-verdict.ts";
import type { DemiMetricChart } from "./demi-metric-chart.ts";
import type { DemiPlatformGrid } from "./demi-platform-grid.ts";
import type { DemiRunProgress } from "./demi-run-progress.ts";

export type { ChartLimitLine, ChartPoint } from "./_chart_data.ts";
export { DemiAlertList } from "./demi-alert-list.ts";
export { DemiEmotionRadar, type EmotionRadarState } from "./demi-emotion-radar.ts";
export { DemiHealthPanel } from "./demi-health-panel.ts";
export { DemiLeakVerdict } from "./demi-leak-verdict.ts";
export { DemiMetricChart, type MetricChartSeries } from "./demi-metric-chart.ts";
export { DemiPlatformGrid } from "./demi-platform-grid.ts";
export { DemiRunProgress } from "./demi-run-progress.ts";

/** Elements by tag name: `interface HTMLElementTagNameMap extends DemiElementTagNameMap {}` types `querySelector`. */
export interface DemiElementTagNameMap {
  "demi-alert-list": DemiAlertList;
  "demi-emotion-radar": DemiEmotionRadar;
  "demi-health-panel": DemiHealthPanel;
  "demi-leak-verdict": DemiLeakVerdict;
  "demi-metric-chart": DemiMetricChart;
  "demi-platform-grid": DemiPlatformGrid;
  "demi-run-progress": DemiRunProgress;
}
