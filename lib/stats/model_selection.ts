// This module is browser-safe.

const ACTION = "compare models";

/**
 * Akaike's information criterion, `2 k - 2 ln L`. The model with the smallest one is expected to foretell best.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { aic } from "demi-health/stats";
 *
 * assert.equal(aic(-12, 3), 30);
 * ```
 *
 * @param logLikelihood Greatest log-likelihood of the model, natural logarithm.
 * @param parameters How many were fitted, the variance of the errors included.
 * @throws {RangeError} If the likelihood is `NaN`, or `parameters` no whole number >= 0.
 * @see H. Akaike (1974), IEEE Transactions on Automatic Control 19(6), 716–723, doi:10.1109/TAC.1974.1100705
 */
export function aic(logLikelihood: number, parameters: number): number {
  checkModel(logLikelihood, parameters);
  return 2 * parameters - 2 * logLikelihood;
}

/**
 * {@linkcode aic} corrected for small samples; `Infinity` when there are not more than `parameters + 1` samples: such
 * a model cannot be told from a perfect one.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { aicc } from "demi-health/stats";
 *
 * assert.equal(aicc(-12, 3, 10), 34);
 * ```
 *
 * @throws {RangeError} If the likelihood is `NaN`, or a number of something no whole number in its range.
 * @see C. M. Hurvich, C.-L. Tsai (1989), Biometrika 76(2), 297–307, doi:10.1093/biomet/76.2.297
 */
export function aicc(logLikelihood: number, parameters: number, samples: number): number {
  const uncorrected = aic(logLikelihood, parameters);
  checkSamples(samples);
  const spare = samples - parameters - 1;
  return spare <= 0 ? Infinity : uncorrected + (2 * parameters * (parameters + 1)) / spare;
}

/**
 * Schwarz's Bayesian information criterion, `k ln n - 2 ln L`. Of models among which the true one is, the smallest
 * finds it as samples become many.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { bic } from "demi-health/stats";
 *
 * assert.equal(bic(-12, 3, 1), 24);
 * ```
 *
 * @throws {RangeError} If the likelihood is `NaN`, or a number of something no whole number in its range.
 * @see G. Schwarz (1978), The Annals of Statistics 6(2), 461–464, doi:10.1214/aos/1176344136
 */
export function bic(logLikelihood: number, parameters: number, samples: number): number {
  checkModel(logLikelihood, parameters);
  checkSamples(samples);
  return parameters * Math.log(samples) - 2 * logLikelihood;
}

/**
 * Greatest log-likelihood of a model with independent normal errors of one variance, from the sum of its squared
 * residuals. `Infinity` for a perfect fit.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { aic, gaussianLogLikelihood } from "demi-health/stats";
 *
 * const flat = aic(gaussianLogLikelihood(40, 20), 2); // a level and a variance
 * const line = aic(gaussianLogLikelihood(10, 20), 3); // a slope besides
 * assert.ok(line < flat);
 * ```
 *
 * @throws {RangeError} If the sum is below 0 or not finite, or `samples` no whole number >= 1.
 */
export function gaussianLogLikelihood(residualSumOfSquares: number, samples: number): number {
  if (!(residualSumOfSquares >= 0 && residualSumOfSquares < Infinity)) {
    throw new RangeError(
      `Cannot ${ACTION}: 'residualSumOfSquares' must be finite and >= 0, got ${residualSumOfSquares}`,
    );
  }
  checkSamples(samples);
  return (-samples / 2) * (Math.log((2 * Math.PI * residualSumOfSquares) / samples) + 1);
}

/**
 * Weight of each model, 0…1, together 1: how probable it is that the model is the best of them. `Infinity` as criterion
 * gives weight 0; models that share `-Infinity` (a perfect fit) share the whole weight.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { informationWeights } from "demi-health/stats";
 *
 * assert.deepEqual(informationWeights([100, 100, Infinity]), [0.5, 0.5, 0]);
 * ```
 *
 * @param criteria What {@linkcode aic}, {@linkcode aicc} or {@linkcode bic} gave, the same of them for each model.
 * @throws {RangeError} If there are none, one is `NaN`, or all are `Infinity`.
 * @see K. P. Burnham, D. R. Anderson (2004), Sociological Methods & Research 33(2), 261–304, doi:10.1177/0049124104268644
 */
export function informationWeights(criteria: readonly number[]): number[] {
  const least = criteria.reduce((a, b) => Math.min(a, b), Infinity);
  if (!(least < Infinity)) {
    throw new RangeError(
      `Cannot ${ACTION}: 'criteria' must be numbers with one below Infinity, got [${criteria.join(", ")}]`,
    );
  }
  const odds = criteria.map((criterion) => (criterion === least ? 1 : Math.exp((least - criterion) / 2)));
  const total = odds.reduce((sum, each) => sum + each, 0);
  return odds.map((each) => each / total);
}

function checkModel(logLikelihood: number, parameters: number): void {
  if (Number.isNaN(logLikelihood)) {
    throw new RangeError(`Cannot ${ACTION}: 'logLikelihood' must be a number, got NaN`);
  }
  if (!(Number.isSafeInteger(parameters) && parameters >= 0)) {
    throw new RangeError(`Cannot ${ACTION}: 'parameters' must be a whole number >= 0, got ${parameters}`);
  }
}

function checkSamples(samples: number): void {
  if (!(Number.isSafeInteger(samples) && samples >= 1)) {
    throw new RangeError(`Cannot ${ACTION}: 'samples' must be a whole number >= 1, got ${samples}`);
  }
}
