/**
 * Pure functions on numbers: quantiles, robust estimators, trends, change points, model selection. Browser-safe.
 *
 * @module
 */
export { type ChangePointOptions, type ChangePoints, changePoints, type Segment } from "./change_points.ts";
export type { Estimate } from "./estimate.ts";
export { type Coefficient, fitLine, type FitLineOptions, type LineFit } from "./fit_line.ts";
export { hodgesLehmann, type HodgesLehmannOptions } from "./hodges_lehmann.ts";
export { hodgesLehmannShift } from "./hodges_lehmann_shift.ts";
export { mannKendall, type MannKendallOptions, type MannKendallTest } from "./mann_kendall.ts";
export { median } from "./median.ts";
export {
  medianAbsoluteDeviation,
  type MedianAbsoluteDeviationOptions,
  NORMAL_CONSISTENCY,
} from "./median_absolute_deviation.ts";
export { aic, aicc, bic, gaussianLogLikelihood, informationWeights } from "./model_selection.ts";
export { quantile, quantileOfSorted, type QuantileOptions, type QuantileType } from "./quantile.ts";
export { theilSen, type TheilSenLine, type TheilSenOptions } from "./theil_sen.ts";
