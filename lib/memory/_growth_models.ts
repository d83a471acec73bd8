// This module is browser-safe.
import { Design } from "./_design.ts";
import type { Floor } from "./_floor.ts";
import {
  drawShape,
  HINGES,
  lateGrowthOf,
  LOGARITHMS,
  RAMPS,
  SATURATIONS,
  type ShapeBasis,
  type ShapeKind,
} from "./_shapes.ts";

/** A way in which the floor may have come about: what it is made of, and whether it goes on growing. */
export interface GrowthModel {
  readonly name: string;
  /** Whether its last column grows without an end. */
  readonly isUnbounded: boolean;
  /** Numbers of its columns. */
  readonly columns: readonly number[];
  /** Free parameters, and what was chosen among. */
  readonly cost: number;
  /** The last coefficient must have that sign, as in a decline. */
  readonly sign?: 1 | -1 | undefined;
  /** The last coefficient times this may be 2 % at most: what a logarithm still grows in the second half. */
  readonly tail?: number | undefined;
  /** No growth at all. */
  readonly isFlat?: boolean | undefined;
  /** Growth along a smooth line from the beginning on, after a warm-up at most. */
  readonly isPlain?: boolean | undefined;
  /** Growth per hour at the end of the window, for a last coefficient of 1. */
  readonly pace?: number | undefined;
}

/** A column with a parameter. */
export interface ParametricColumn {
  readonly kind: ShapeKind;
  readonly parameter: number;
  readonly basis: ShapeBasis;
  readonly max: number;
}

/** All models of a floor, and what they are made of. */
export interface GrowthModels {
  readonly design: Design;
  readonly models: readonly GrowthModel[];
  /** Slower saturations, and a day's course: what growth may be as well while a window is short. */
  readonly doubts: { readonly slow: readonly GrowthModel[]; readonly daily: readonly GrowthModel[] };
  readonly steps: readonly number[];
  readonly parameters: ReadonlyMap<number, ParametricColumn>;
  /** Columns that are no growth: the level, and the hours of the day. */
  readonly nuisances: ReadonlySet<number>;
  /** Longest run as a share of the window. */
  readonly longestRun: number;
}

// What a choice costs beside its coefficient, in parameters: by how many positions there are to choose from.
const COST = { saturation: 1, logarithm: 2, ramp: 1, step: 2, leakStep: 3, hinge: 2 } as const;
const DAY = (2 * Math.PI) / 24;
const LONGEST_RAMP = 0.64;
const LATEST_HINGE = 0.72;
const SLOWEST = 0.25;
const SLOW: readonly number[] = [0.35, 0.5, 0.8, 1.3, 2];
const MAX_CUTS = 9;
/** Points below which growth that gets faster, or goes with a step, cannot be told from noise. */
const LEAST_FOR_BENDS = 16;

/** Factor of a logarithm's coefficient: a strongly bent one may still grow by 3.5 % in the second half, others by 2 %. */
export function tailOf(scale: number): number {
  return lateGrowthOf(scale) * (scale <= 0.01 ? 0.02 / 0.035 : 1);
}

/** The models that a floor is compared with. */
export function listModels(floor: Floor): GrowthModels {
  return new ModelList(floor).list();
}

class ModelList {
  readonly #floor: Floor;
  readonly #design: Design;
  readonly #models: GrowthModel[] = [];
  readonly #parameters = new Map<number, ParametricColumn>();
  readonly #basis: ShapeBasis;
  readonly #one: number;
  readonly #line: number;
  readonly #saturations: readonly number[];
  readonly #steps: readonly number[];

  constructor(floor: Floor) {
    this.#floor = floor;
    this.#design = new Design(floor.values, floor.gaps);
    this.#basis = { hours: floor.hours, span: floor.span };
    this.#one = this.#design.add(floor.hours.map(() => 1));
    this.#line = this.#design.add(floor.hours);
    this.#saturations = SATURATIONS.map((share) => this.#shape("saturation", share, this.#basis, SLOWEST));
    const stride = Math.max(1, Math.floor(floor.hours.length / 32));
    const positions = Math.max(0, Math.floor((floor.hours.length - 4) / stride) + 1);
    this.#steps = Array.from({ length: positions }, (_, i) =>
      this.#shape("step", 2 + i * stride, this.#basis, Infinity),
    );
  }

  list(): GrowthModels {
    const { hours, span } = this.#floor;
    const waves = span >= 26 ? this.#waves(3) : [];
    const shapes = {
      logarithms: LOGARITHMS.map((share) => this.#logarithm(share)),
      ramps: RAMPS.map((share) => this.#shape("ramp", share, this.#basis, LONGEST_RAMP)),
      hinges: HINGES.map((share) => this.#shape("hinge", share, this.#basis, LATEST_HINGE)).filter((column) =>
        this.#isSeenLater(column),
      ),
      square: this.#design.add(hours.map((hour) => (hour * hour) / span)),
    };
    const runs = this.#runs();
    const counts = [
      0,
      ...(waves.length > 0 ? [2] : []),
      ...(waves.length > 0 && hours.length > 24 ? [4] : []),
      ...(waves.length > 0 && hours.length > 32 && span > 36 ? [6] : []),
    ];
    for (const count of counts) {
      const basis = [this.#one, ...waves.slice(0, count)];
      const prefix = count > 0 ? `day${count / 2} ` : "";
      this.#smooth(prefix, basis, shapes);
      this.#stepped(prefix, basis);
      if (runs) this.#inRuns(prefix, basis, runs);
    }
    const doubts = { slow: this.#slow(), daily: this.#daily() };
    return {
      design: this.#design,
      models: this.#models,
      doubts,
      steps: this.#steps,
      parameters: this.#parameters,
      nuisances: new Set([this.#one, ...waves]),
      longestRun: runs?.longest ?? 1,
    };
  }

  #smooth(
    prefix: string,
    basis: readonly number[],
    shapes: {
      readonly logarithms: readonly (readonly [number, number])[];
      readonly ramps: readonly number[];
      readonly hinges: readonly number[];
      readonly square: number;
    },
  ): void {
    const size = basis.length;
    const saturations = this.#saturations;
    this.#bounded(`${prefix}constant`, basis, size, { isFlat: true });
    this.#bounded(`${prefix}decline`, [...basis, this.#line], size + 1, { sign: -1, isFlat: true });
    this.#unbounded(`${prefix}line`, [...basis, this.#line], size + 1);
    for (const [i, fast] of saturations.entries()) {
      this.#bounded(`${prefix}saturation`, [...basis, fast], size + 1 + COST.saturation);
      this.#unbounded(
        `${prefix}saturation and line`,
        [...basis, fast, this.#line],
        size + 2 + COST.saturation,
      );
      for (const slow of saturations.slice(i + 2)) {
        this.#bounded(`${prefix}two saturations`, [...basis, fast, slow], size + 2 + 2 * COST.saturation);
      }
    }
    for (const [column, tail] of shapes.logarithms) {
      this.#bounded(`${prefix}logarithm`, [...basis, column], size + 1 + COST.logarithm, { tail });
      for (const fast of saturations) {
        const cost = size + 2 + COST.logarithm + COST.saturation;
        this.#bounded(`${prefix}saturation and logarithm`, [...basis, fast, column], cost, { tail });
      }
    }
    for (const ramp of shapes.ramps) this.#bounded(`${prefix}ramp`, [...basis, ramp], size + 1 + COST.ramp);
    for (const hinge of shapes.hinges) {
      this.#unbounded(`${prefix}hinge`, [...basis, hinge], size + 1 + COST.hinge);
      for (const fast of [1, 4, 7].map((i) => saturations[i]!)) {
        const cost = size + 2 + COST.hinge + COST.saturation;
        this.#unbounded(`${prefix}saturation and hinge`, [...basis, fast, hinge], cost);
      }
    }
    if (this.#design.size >= LEAST_FOR_BENDS)
      this.#unbounded(`${prefix}square`, [...basis, shapes.square], size + 1, 2);
    for (const fast of [1, 4, 7].map((i) => saturations[i]!)) {
      const columns = [...basis, fast, shapes.square];
      this.#unbounded(`${prefix}saturation and square`, columns, size + 2 + COST.saturation, 2);
    }
  }

  #stepped(prefix: string, basis: readonly number[]): void {
    const size = basis.length;
    for (const [i, step] of this.#steps.entries()) {
      this.#bounded(`${prefix}step`, [...basis, step], size + 1 + COST.step);
      if (this.#design.size >= LEAST_FOR_BENDS) {
        this.#unbounded(`${prefix}step and line`, [...basis, step, this.#line], size + 2 + COST.leakStep);
      }
      for (const fast of [1, 4, 7].map((at) => this.#saturations[at]!)) {
        this.#bounded(
          `${prefix}saturation and step`,
          [...basis, fast, step],
          size + 2 + COST.saturation + COST.step,
        );
      }
      if (size > 1) continue;
      for (let j = i + 2; j < this.#steps.length; j += 2) {
        this.#bounded("two steps", [...basis, step, this.#steps[j]!], size + 2 + 2 * COST.step);
      }
    }
  }

  // Restarts: each run has a level of its own, or all begin alike; growth goes on through them, or begins anew.
  #inRuns(prefix: string, basis: readonly number[], runs: Runs): void {
    const { count, levels, line, saturations } = runs;
    const size = basis.length;
    const eachCost = levels.length * 1.5;
    const each = [...basis, ...levels];
    if (levels.length > 0 && each.length < 12) {
      const name = `${prefix}runs: `;
      const base = size + eachCost;
      this.#bounded(`${name}constant`, each, base);
      this.#unbounded(`${name}line`, [...each, this.#line], base + 1);
      for (const fast of this.#saturations) {
        this.#bounded(`${name}saturation`, [...each, fast], base + 1 + COST.saturation);
        this.#unbounded(
          `${name}saturation and line`,
          [...each, fast, this.#line],
          base + 2 + COST.saturation,
        );
      }
      for (const fast of saturations) {
        this.#bounded(`${name}saturation anew`, [...each, fast], base + 1 + COST.saturation);
        this.#unbounded(`${name}saturation and line anew`, [...each, fast, line], base + 2 + COST.saturation);
      }
    }
    const alike = size + Math.min(count, MAX_CUTS) * 0.5;
    this.#unbounded(`${prefix}line anew`, [...basis, line], alike + 1);
    for (const fast of saturations) {
      this.#bounded(`${prefix}saturation anew`, [...basis, fast], alike + 1 + COST.saturation);
      this.#unbounded(
        `${prefix}saturation and line anew`,
        [...basis, fast, line],
        alike + 2 + COST.saturation,
      );
    }
  }

  #runs(): Runs | undefined {
    const { cuts, cutHours, hours, span } = this.#floor;
    if (cuts.length === 0) return undefined;
    const begins = [0, ...cutHours];
    const runOf = (index: number): number => cuts.findLastIndex((cut) => cut <= index) + 1;
    const since = hours.map((hour, index) => hour - begins[runOf(index)]!);
    const bounds = [0, ...cuts, hours.length - 1];
    const lengths = cuts.map((cut, i) => (hours[cut]! - hours[bounds[i]!]!) / span);
    lengths.push((hours.at(-1)! - hours[cuts.at(-1)!]!) / span);
    const longest = Math.max(...lengths);
    const slowest = Math.max(0.25 * longest, 0.02);
    const basis = { hours: since, span };
    return {
      count: cuts.length,
      // of many runs it is not asked whether each has a level of its own
      levels: (cuts.length <= MAX_CUTS ? cuts : []).map((cut) =>
        this.#design.add(hours.map((_, index) => (index >= cut ? 1 : 0))),
      ),
      line: this.#design.add(since),
      saturations: SATURATIONS.filter((share) => share <= slowest).map((share) =>
        this.#shape("saturation", share, basis, slowest),
      ),
      longest,
    };
  }

  #slow(): readonly GrowthModel[] {
    const list: GrowthModel[] = [];
    for (const share of SLOW) {
      const slow = this.#design.add(drawShape("saturation", share, this.#basis));
      list.push({ name: "slow", isUnbounded: false, columns: [this.#one, slow], cost: 3 });
      for (const fast of this.#saturations.slice(0, 5)) {
        list.push({ name: "slow", isUnbounded: false, columns: [this.#one, fast, slow], cost: 5 });
      }
      for (const step of this.#steps.filter((_, i) => i % 2 === 0)) {
        list.push({
          name: "slow",
          isUnbounded: false,
          columns: [this.#one, step, slow],
          cost: 4 + COST.step,
        });
      }
    }
    return list;
  }

  #daily(): readonly GrowthModel[] {
    const { span } = this.#floor;
    if (span < 4 || span >= 26) return [];
    const waves = this.#waves(span >= 8 ? 2 : 1);
    const day = [this.#one, ...waves.slice(0, 2)];
    const model = (columns: readonly number[], cost: number): GrowthModel => ({
      name: "day",
      isUnbounded: false,
      columns,
      cost,
    });
    return [
      model(day, 3),
      ...this.#saturations.slice(0, 8).map((fast) => model([this.#one, fast, ...day.slice(1)], 5)),
      ...this.#steps
        .filter((_, i) => i % 3 === 0)
        .map((step) => model([this.#one, step, ...day.slice(1)], 4 + COST.step)),
      ...(waves.length > 2 ? [model([this.#one, ...waves], 5)] : []),
    ];
  }

  #waves(count: number): number[] {
    return Array.from({ length: count }, (_, i) => DAY * (i + 1)).flatMap((turn) => [
      this.#design.add(this.#floor.hours.map((hour) => Math.sin(turn * hour))),
      this.#design.add(this.#floor.hours.map((hour) => Math.cos(turn * hour))),
    ]);
  }

  #logarithm(share: number): readonly [number, number] {
    return [this.#shape("logarithm", share, this.#basis, LOGARITHMS.at(-1)!), tailOf(share)];
  }

  #shape(kind: ShapeKind, parameter: number, basis: ShapeBasis, max: number): number {
    const column = this.#design.add(drawShape(kind, parameter, basis));
    this.#parameters.set(column, { kind, parameter, basis, max });
    return column;
  }

  #isSeenLater(column: number): boolean {
    const later = this.#design.columnOf(column).reduce((count, value) => count + (value > 0 ? 1 : 0), 0);
    return later >= Math.max(7, 0.15 * this.#design.size);
  }

  #bounded(name: string, columns: readonly number[], cost: number, more: Partial<GrowthModel> = {}): void {
    this.#models.push({ name, isUnbounded: false, columns, cost, ...more });
  }

  #unbounded(name: string, columns: readonly number[], cost: number, pace: number = 1): void {
    const isPlain = !/step|and hinge/.test(name);
    this.#models.push({ name, isUnbounded: true, columns, cost, sign: 1, pace, isPlain });
  }
}

interface Runs {
  readonly count: number;
  readonly levels: readonly number[];
  readonly line: number;
  readonly saturations: readonly number[];
  readonly longest: number;
}
