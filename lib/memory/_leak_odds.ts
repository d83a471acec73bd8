// This module is browser-safe.
import type { Floor } from "./_floor.ts";
import type { ModelChoice } from "./_model_choice.ts";
import type { TrendShape } from "./_trend_shape.ts";

/** What the odds are made of. */
export interface LeakEvidence {
  readonly floor: Floor;
  readonly choice: ModelChoice;
  readonly shape: TrendShape;
}

/** How sure growth without an end is, from the standard error of its slope. */
export function slopeRatioOf({ unbounded }: ModelChoice): number {
  return unbounded ? unbounded.pace / Math.sqrt(unbounded.variance) : 0;
}

/** What growth without an end came to in the window, or in its longest run, as a share of the level. */
export function growthOf({ unbounded, growthShare }: ModelChoice, { span }: Floor): number {
  return unbounded ? unbounded.pace * span * growthShare : 0;
}

/**
 * Logarithm of the odds that a floor grows without an end. The weights are a logistic regression on 6,000 labelled
 * synthetic traces (the public seed of the leak benchmark, cross-validated in four parts). With restarts only what begins anew in each run counts.
 */
export function leakLogOdds({ floor, choice, shape }: LeakEvidence): number {
  const ratio = Math.log(within(slopeRatioOf(choice), 0.37, 55));
  const growth = Math.log(within(growthOf(choice, floor), 0.003, 0.37));
  const prominence = prominenceOf(growthOf(choice, floor), choice.boundedSpan);
  const margin = within(choice.margin, 0, 12) / 5;
  if (floor.cuts.length > 0) {
    return -1.038 + 0.394 * margin + 2.291 * ratio + 1.15 * growth - 0.164 * prominence;
  }
  const against = within(-choice.margin, 0, 12) / 5;
  const hours = Math.log(within(floor.span, 1, 168));
  const constant = choice.constantBic - choice.plainLeakBic;
  const name = choice.unbounded?.model.name ?? "";
  return (
    -1.885 +
    1.879 * margin -
    0.527 * against +
    0.343 * ratio +
    0.254 * growth +
    0.968 * hours * growth +
    1.69 * hours +
    2.645 * within(shape.withoutSteps, 0, 1) +
    1.003 * (within(Number.isFinite(constant) ? constant : 60, 0, 40) / 10) -
    0.186 * growth * prominence -
    1.217 * (name.includes("step") ? 1 : 0) -
    1.079 * (/hinge|square/.test(name) ? 1 : 0)
  );
}

/**
 * Logarithm of the odds that growth which was called a leak is one, where it is looked at again and again. Whoever
 * looks at every window that ends today, tomorrow and the day after meets each warm-up while it still climbs: fast growth
 * in a short window, or with a step, is more often that. The weights are a logistic regression on ten looks at each
 * of 3,000 traces of the public seed, cross-validated in four parts.
 *
 * @param odds What {@linkcode leakLogOdds} gave.
 */
export function repeatedLogOdds(odds: number, { floor, choice, shape }: LeakEvidence): number {
  const hours = Math.log(within(floor.span, 1, 168));
  const rate = Math.log(within(growthOf(choice, floor), 0.003, 2)) - hours;
  const sure = within(odds, -8, 12);
  const name = choice.unbounded?.model.name ?? "";
  return (
    0.914 +
    0.129 * rate +
    0.666 * Math.max(0, rate - Math.log(0.015)) -
    0.249 * Math.max(0, rate - Math.log(0.04)) -
    0.192 * sure * rate -
    0.569 * sure +
    0.515 * Math.max(0, hours - Math.log(12)) +
    0.223 * within(shape.late, -0.5, 2) -
    0.528 * (name.includes("step") ? 1 : 0) +
    0.409 * (name.includes("square") ? 1 : 0) -
    1.852 * (floor.cuts.length > 0 ? 1 : 0)
  );
}

/** How far the unbounded growth stands out of the bounded components, logarithmic. */
function prominenceOf(growth: number, boundedSpan: number): number {
  return Math.log(within((growth + 1e-3) / (boundedSpan + 1e-2), 0.0498, 7.39));
}

function within(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, value));
}
