// This module is browser-safe.
import type { Design, Fit } from "./_design.ts";
import type { Floor } from "./_floor.ts";
import { type GrowthModel, type GrowthModels, listModels, type ParametricColumn } from "./_growth_models.ts";
import { drawShape, type ShapeKind } from "./_shapes.ts";

/** A model with its fit. */
export interface FittedModel {
  readonly model: GrowthModel;
  /** Bayesian information criterion: smaller is better, 10 less is much better. */
  readonly bic: number;
  /** Growth per hour at the end of the window, as a share of the level; 0 for bounded ones. */
  readonly pace: number;
  /** Variance of {@linkcode FittedModel.pace}. */
  readonly variance: number;
  readonly rss: number;
  /** Columns that were moved off their grid, as they are fitted and as they are. */
  readonly moved?:
    | { readonly white: readonly Float64Array[]; readonly raw: readonly Float64Array[] }
    | undefined;
}

/** What fits a floor best, with and without growth that does not end. */
export interface ModelChoice {
  readonly bounded: FittedModel | undefined;
  readonly unbounded: FittedModel | undefined;
  /** Evidence for unbounded growth: how much smaller its criterion is. */
  readonly margin: number;
  /** The same against saturations that are too slow to be told from a line, and against a day's course. */
  readonly slowMargin: number;
  readonly dailyMargin: number;
  /** Smallest criterion of each sort of model. */
  readonly constantBic: number;
  readonly plainLeakBic: number;
  /** Growth per hour, averaged over the unbounded models by how well they fit; with its standard deviation. */
  readonly pace: number;
  readonly paceDeviation: number;
  /** Correlation of the residuals from one part to the next. */
  readonly correlation: number;
  /** What the bounded components of the best unbounded model span. */
  readonly boundedSpan: number;
  /** Share of the window that growth is counted over. */
  readonly growthShare: number;
}

const REFINED = 6;
const MOST_TAIL = 0.02;
const MOST_CORRELATION = 0.92;
const STEP_COST = 2;
const LEAK_STEP_COST = 3;

/** Chooses among all models of a floor. */
export function chooseModel(floor: Floor): ModelChoice {
  const list = listModels(floor);
  const { design } = list;
  design.whiten(0);
  const rough = best(fitAll(design, list.models));
  const correlation = rough ? residualCorrelation(floor, design, rough.model) : 0;
  if (correlation > 0) design.whiten(correlation);
  const fitted = fitAll(design, list.models);
  fitted.push(...withOneMoreStep(design, fitted, list.steps));
  fitted.sort((a, b) => a.bic - b.bic);
  for (const isUnbounded of [true, false]) {
    const leaders = fitted.filter(({ model }) => model.isUnbounded === isUnbounded).slice(0, REFINED);
    for (const leader of leaders) fitted[fitted.indexOf(leader)] = refine(design, leader, list);
  }
  fitted.sort((a, b) => a.bic - b.bic);
  const bounded = fitted.find(({ model }) => !model.isUnbounded);
  const unbounded = fitted.find(({ model }) => model.isUnbounded);
  const lowest = (models: readonly GrowthModel[]): number => best(fitAll(design, models))?.bic ?? Infinity;
  const leakBic = unbounded?.bic ?? Infinity;
  const minBic = (holds: (fit: FittedModel) => boolean): number => fitted.find(holds)?.bic ?? Infinity;
  return {
    bounded,
    unbounded,
    margin: unbounded ? (bounded?.bic ?? leakBic + 50) - leakBic : -Infinity,
    slowMargin: lowest(list.doubts.slow) - leakBic,
    dailyMargin: lowest(list.doubts.daily) - leakBic,
    constantBic: minBic(({ model }) => /(^|\d )(constant|decline)$/.test(model.name)),
    plainLeakBic: minBic(({ model }) => model.isUnbounded && isPlain(model)),
    ...averagePace(fitted, leakBic),
    correlation,
    boundedSpan: unbounded ? spanOfBounded(design, unbounded, list) : 0,
    growthShare: unbounded ? shareOfGrowth(unbounded.model, list) : 1,
  };
}

// Growth from a line, with a bounded start at most.
function isPlain({ name }: GrowthModel): boolean {
  return !/step|and hinge/.test(name);
}

function best(fitted: readonly FittedModel[]): FittedModel | undefined {
  let found: FittedModel | undefined;
  for (const each of fitted) if (!found || each.bic < found.bic) found = each;
  return found;
}

function fitAll(design: Design, models: readonly GrowthModel[]): FittedModel[] {
  const fitted: FittedModel[] = [];
  for (const model of models) {
    if (design.size - model.columns.length < Math.max(5, 0.3 * design.size)) continue;
    const fit = design.fit(model.columns);
    const each = fit && toFitted(design, model, fit);
    if (each) fitted.push(each);
  }
  return fitted;
}

/** Undefined where the last coefficient is not what the model is about. */
function toFitted(
  design: Design,
  model: GrowthModel,
  { rss, last, lastVariance }: Fit,
): FittedModel | undefined {
  const { size } = design;
  const { sign, tail, cost, pace = 1, isUnbounded } = model;
  if (sign === 1 && last <= 0) return undefined;
  if (sign === -1 && last > 0) return undefined;
  if (tail !== undefined && last * tail > MOST_TAIL) return undefined;
  const bic = size * Math.log((rss + size * 1e-10) / size) + cost * Math.log(size);
  const variance = (lastVariance * rss) / Math.max(1, size - cost);
  return {
    model,
    bic,
    rss,
    pace: isUnbounded ? last * pace : 0,
    variance: variance * pace * pace,
  };
}

function residualCorrelation({ values, gaps }: Floor, design: Design, { columns }: GrowthModel): number {
  design.fit(columns);
  const coefficients = design.coefficients(columns.length);
  const residuals = values.map((value, i) =>
    columns.reduce((rest, column, j) => rest - coefficients[j]! * design.columnOf(column)[i]!, value),
  );
  let [product, square] = [0, 0];
  for (let i = 1; i < residuals.length; i++) {
    if (gaps[i] !== 1) continue;
    product += residuals[i]! * residuals[i - 1]!;
    square += residuals[i - 1]! * residuals[i - 1]!;
  }
  const found = square > 0 ? product / square : 0;
  // the estimate is too small in short series (Kendall 1954: by about (1 + 3 phi) / n)
  return Math.max(0, Math.min(MOST_CORRELATION, found + (1 + 3 * found) / values.length));
}

/** The leaders of both sorts with a step more: a release, a deployment, a cache that was switched on. */
function withOneMoreStep(
  design: Design,
  fitted: readonly FittedModel[],
  steps: readonly number[],
): readonly FittedModel[] {
  const ordered = fitted.toSorted((a, b) => a.bic - b.bic);
  const more: GrowthModel[] = [];
  for (const isUnbounded of [true, false]) {
    for (const { model } of ordered.filter((each) => each.model.isUnbounded === isUnbounded).slice(0, 3)) {
      for (const step of steps) {
        if (model.columns.includes(step) || model.columns.length >= 14) continue;
        const cost = model.cost + 1 + (isUnbounded ? LEAK_STEP_COST : STEP_COST);
        more.push({ ...model, name: `${model.name} + step`, columns: [step, ...model.columns], cost });
      }
    }
  }
  return fitAll(design, more);
}

/** Moves the parameters of a model's shapes off their grid, to where it fits best. */
function refine(design: Design, fitted: FittedModel, { parameters }: GrowthModels): FittedModel {
  const { model } = fitted;
  if (model.tail !== undefined) return fitted;
  const white = model.columns.map((column) => design.whiteOf(column));
  const raw = model.columns.map((column) => design.columnOf(column));
  let { rss } = fitted;
  const shapes = model.columns.flatMap((column, at) => {
    const known = parameters.get(column);
    return known ? [{ at, shape: known, parameter: known.parameter }] : [];
  });
  if (shapes.length === 0) return fitted;
  for (let sweep = 0, reach = 0.3; sweep < 3; sweep++, reach /= 2.5) {
    for (const each of shapes) {
      for (const direction of [1, -1]) {
        for (let tries = 0; tries < 4; tries++) {
          const parameter = moveParameter(each.shape.kind, each.parameter, direction, reach);
          if (!isAllowed(each.shape, parameter, design.size, sweep)) break;
          const column = drawShape(each.shape.kind, parameter, each.shape.basis);
          const before = white[each.at]!;
          white[each.at] = design.white(column);
          const fit = design.fitWhite(white);
          if (!fit || fit.rss >= rss) {
            white[each.at] = before;
            break;
          }
          rss = fit.rss;
          raw[each.at] = column;
          each.parameter = parameter;
        }
      }
    }
  }
  const fit = design.fitWhite(white);
  const moved = fit && toFitted(design, model, fit);
  return moved ? { ...moved, moved: { white, raw } } : fitted;
}

function moveParameter(kind: ShapeKind, parameter: number, direction: number, reach: number): number {
  if (kind === "step") return parameter + direction;
  if (kind === "saturation") return direction > 0 ? parameter * (1 + reach) : parameter / (1 + reach);
  return parameter + direction * 0.15 * reach;
}

function isAllowed({ kind, max }: ParametricColumn, parameter: number, size: number, sweep: number): boolean {
  if (kind === "step") return sweep === 0 && parameter >= 2 && parameter <= size - 2;
  return parameter <= max && parameter >= (kind === "saturation" ? 0.003 : kind === "ramp" ? 0.06 : 0.02);
}

/** Mean of the unbounded models' paces, each as likely as its criterion says; what they differ by is in the deviation. */
function averagePace(
  fitted: readonly FittedModel[],
  leakBic: number,
): { readonly pace: number; readonly paceDeviation: number } {
  let [weights, mean, square] = [0, 0, 0];
  for (const { model, bic, pace, variance } of fitted) {
    if (bic > leakBic + 12) break;
    if (!model.isUnbounded) continue;
    const weight = Math.exp(-0.5 * (bic - leakBic));
    weights += weight;
    mean += weight * pace;
    square += weight * (variance + pace * pace);
  }
  if (weights === 0) return { pace: 0, paceDeviation: 0 };
  const pace = mean / weights;
  return { pace, paceDeviation: Math.sqrt(Math.max(0, square / weights - pace * pace)) };
}

function spanOfBounded(design: Design, { model, moved }: FittedModel, { nuisances }: GrowthModels): number {
  const white = moved?.white ?? model.columns.map((column) => design.whiteOf(column));
  const raw = moved?.raw ?? model.columns.map((column) => design.columnOf(column));
  design.fitWhite(white);
  const coefficients = design.coefficients(white.length);
  let [low, high] = [Infinity, -Infinity];
  for (let i = 0; i < design.size; i++) {
    let value = 0;
    for (let j = 0; j < raw.length - 1; j++) {
      if (!nuisances.has(model.columns[j]!)) value += coefficients[j]! * raw[j]![i]!;
    }
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return high - low;
}

function shareOfGrowth({ name }: GrowthModel, { longestRun }: GrowthModels): number {
  if (name.includes("hinge")) return 0.5;
  return name.includes("anew") ? longestRun : 1;
}
