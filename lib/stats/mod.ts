/**
 * Pure functions on numbers: quantiles and robust estimators. Browser-safe.
 *
 * @module
 */
export { median } from "./median.ts";
export {
  medianAbsoluteDeviation,
  type MedianAbsoluteDeviationOptions,
  NORMAL_CONSISTENCY,
} from "./median_absolute_deviation.ts";
export { quantile, quantileOfSorted } from "./quantile.ts";
