// This module is browser-safe.
import type { Design, Fit } from "./_design.ts";
import type { Floor } from "./_floor.ts";
import {
  type GrowthModel,
  type GrowthModels,
  listModels,
  type ParametricColumn,
  tailOf,
} from "./_growth_models.ts";
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
const CLEARLY_WORSE = 10;
const LEAST = { saturation: 0.003, logarithm: 0.0001, ramp: 0.06, hinge: 0.02 } as const;

/** Chooses among all models of a floor. */
export function chooseModel(floor: Floor): ModelChoice {
  const list = listModels(floor);
  const { design } = list;
  design.whiten(0);
  const rough = best(fitAll(design, list.models.filter(isRough)));
  const correlation = rough ? residualCorrelation(floor, design, rough.model) : 0;
  if (correlation > 0) design.whiten(correlation);
  const fitted = fitAll(design, list.models);
  fitted.push(...withOneMoreStep(design, fitted, list.steps));
  for (const isUnbounded of [true, false]) {
    for (const leader of leadersOf(fitted, isUnbounded, REFINED)) {
      fitted[fitted.indexOf(leader)] = refine(design, leader, list);
    }
  }
  const lowestOf = (holds: (fit: FittedModel) => boolean): FittedModel | undefined =>
    best(fitted.filter(holds));
  const bounded = lowestOf(({ model }) => !model.isUnbounded);
  const unbounded = lowestOf(({ model }) => model.isUnbounded);
  const lowest = (models: readonly GrowthModel[]): number => best(fitAll(design, models))?.bic ?? Infinity;
  const leakBic = unbounded?.bic ?? Infinity;
  return {
    bounded,
    unbounded,
    margin: unbounded ? (bounded?.bic ?? leakBic + 50) - leakBic : -Infinity,
    slowMargin: lowest(list.doubts.slow) - leakBic,
    dailyMargin: lowest(list.doubts.daily) - leakBic,
    constantBic: lowestOf(({ model }) => model.isFlat === true)?.bic ?? Infinity,
    plainLeakBic: lowestOf(({ model }) => model.isUnbounded && model.isPlain === true)?.bic ?? Infinity,
    ...averagePace(fitted, leakBic),
    correlation,
    boundedSpan: unbounded ? spanOfBounded(design, unbounded, list) : 0,
    growthShare: unbounded ? shareOfGrowth(unbounded.model, list) : 1,
  };
}

/** Enough to see how the residuals are correlated. */
function isRough({ name }: GrowthModel): boolean {
  return !/^(two|day\d two)|and (step|logarithm)/.test(name);
}

/** Those that fit best of one sort, the best first. */
function leadersOf(
  fitted: readonly FittedModel[],
  isUnbounded: boolean,
  count: number,
): readonly FittedModel[] {
  const leaders: FittedModel[] = [];
  for (const each of fitted) {
    if (each.model.isUnbounded !== isUnbounded) continue;
    if (leaders.length === count && each.bic >= leaders.at(-1)!.bic) continue;
    let at = leaders.length;
    while (at > 0 && leaders[at - 1]!.bic > each.bic) at--;
    leaders.splice(at, 0, each);
    if (leaders.length > count) leaders.pop();
  }
  return leaders;
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
  const more: GrowthModel[] = [];
  for (const isUnbounded of [true, false]) {
    for (const { model } of leadersOf(fitted, isUnbounded, 3)) {
      for (const step of steps) {
        if (model.columns.includes(step) || model.columns.length >= 14) continue;
        const cost = model.cost + 1 + (isUnbounded ? LEAK_STEP_COST : STEP_COST);
        const columns = [step, ...model.columns];
        more.push({ ...model, name: `${model.name} + step`, columns, cost, isFlat: false, isPlain: false });
      }
    }
  }
  return fitAll(design, more);
}

/** Moves the parameters of a model's shapes off their grid, to where it fits best. */
function refine(design: Design, fitted: FittedModel, { parameters }: GrowthModels): FittedModel {
  const { model } = fitted;
  const white = model.columns.map((column) => design.whiteOf(column));
  const raw = model.columns.map((column) => design.columnOf(column));
  let { rss } = fitted;
  const shapes = model.columns.flatMap((column, at) => {
    const known = parameters.get(column);
    return known ? [{ at, shape: known, parameter: known.parameter }] : [];
  });
  if (shapes.length === 0) return fitted;
  design.fitWhite(white);
  for (let sweep = 0, reach = 0.3; sweep < 3; sweep++, reach /= 2.5) {
    for (const each of shapes) {
      for (const direction of [1, -1]) {
        for (let tries = 0; tries < 4; tries++) {
          const parameter = moveParameter(each.shape.kind, each.parameter, direction, reach);
          if (!isAllowed(each.shape, parameter, design.size, sweep)) break;
          const column = drawShape(each.shape.kind, parameter, each.shape.basis);
          const before = white[each.at]!;
          white[each.at] = design.white(column);
          const fit = design.refitWhite(white, each.at);
          if (!fit || fit.rss >= rss) {
            white[each.at] = before;
            design.refitWhite(white, each.at);
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
  const scale = shapes.find(({ shape }) => shape.kind === "logarithm")?.parameter;
  const moved = fit && toFitted(design, scale === undefined ? model : { ...model, tail: tailOf(scale) }, fit);
  return moved ? { ...moved, moved: { white, raw } } : fitted;
}

function moveParameter(kind: ShapeKind, parameter: number, direction: number, reach: number): number {
  if (kind === "step") return parameter + direction;
  if (kind === "saturation" || kind === "logarithm")
    return direction > 0 ? parameter * (1 + reach) : parameter / (1 + reach);
  return parameter + direction * 0.15 * reach;
}

function isAllowed({ kind, max }: ParametricColumn, parameter: number, size: number, sweep: number): boolean {
  if (kind === "step") return sweep === 0 && parameter >= 2 && parameter <= size - 2;
  return parameter <= max && parameter >= LEAST[kind];
}

/**
 * Mean of the unbounded models' paces, each as likely as its criterion says; what they differ by is in the deviation.
 * Growth that gets faster counts only where nothing steady fits nearly as well: its pace is that of the end.
 */
function averagePace(
  fitted: readonly FittedModel[],
  leakBic: number,
): { readonly pace: number; readonly paceDeviation: number } {
  const likely = fitted.filter(({ model, bic }) => model.isUnbounded && bic <= leakBic + 12);
  const steady = likely.filter(({ model, bic }) => model.pace === 1 && bic <= leakBic + CLEARLY_WORSE);
  let [weights, mean, square] = [0, 0, 0];
  for (const { bic, pace, variance } of steady.length > 0 ? steady : likely) {
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
