import { SeededRandom } from "../../base/random.ts";
import { systemClock } from "../../base/system_clock.ts";
import type { CompanionFactory } from "../../harness/companion.ts";
import { type AgeingModel, roughAgeing } from "./ageing_model.ts";
import { ALL_CASES } from "./cases/all_cases.ts";
import { FileLayer, FileLayerError } from "./file_layer.ts";
import { Hindrance, toSentence } from "./_hindrance.ts";
import { toTimes } from "./_times.ts";
import { RECOVERY_CASE_NAMES, type RecoveryCase, type RecoveryCaseName } from "./recovery_case.ts";
import type {
  RecoveryCaseResult,
  RecoveryOutcome,
  RecoveryReport,
  RecoveryRound,
} from "./recovery_report.ts";

/** Options of {@linkcode RecoveryTest}. */
export interface RecoveryTestOptions {
  /** A process of its own (`processCompanion`), or one in this process: then what is done to processes and disks is left out. */
  readonly companion: CompanionFactory;
  /** @default all */
  readonly cases?: readonly RecoveryCaseName[] | undefined;
  /** Everything random comes from it. @default {"demi-health"} */
  readonly seed?: string | number | undefined;
  /** How often each case is tried, with other ways and moments. @default {4} */
  readonly rounds?: number | undefined;
  /**
   * What time makes of its emotions while nobody speaks: `demiAgeing` compares to 1e-6.
   *
   * @default {roughAgeing}
   */
  readonly ageing?: AgeingModel | undefined;
  /** Whether a case ends with its first round that fails. @default {false} */
  readonly untilFailure?: boolean | undefined;
  /** Told after each round. */
  readonly onRound?: ((name: RecoveryCaseName, round: RecoveryRound) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Does to a companion what happens to companions: stops it, kills it at the worst moments, takes its power, its disk, its
 * rights and its time away, spoils its files, puts a backup back; and looks each time whether it comes back, and whether
 * its users were told the truth: no answered message lost, none answered twice, order kept, emotions continuous.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { RecoveryTest } from "demi-health/stability";
 * import { pocketDemi } from "./examples/demi/pocket_demi.ts";
 *
 * const test = new RecoveryTest({ companion: pocketDemi, cases: ["graceful restart", "power loss"], rounds: 1 });
 * const { cases } = await test.run();
 * assert.equal(cases[0]!.outcome, "passed", cases[0]!.sentence);
 * assert.ok(cases[0]!.timeToRecoverMs!.p95 > 0);
 * assert.equal(cases[1]!.outcome, "not-possible"); // she is no process here
 * ```
 */
export class RecoveryTest {
  readonly #options: RecoveryTestOptions;
  readonly #cases: readonly RecoveryCase[];
  readonly #rounds: number;

  /**
   * @throws {TypeError} If a case is none that is known.
   * @throws {RangeError} If `rounds` is not a whole number above 0.
   */
  constructor(options: RecoveryTestOptions) {
    const { cases = RECOVERY_CASE_NAMES, rounds = 4 } = options;
    if (!(Number.isSafeInteger(rounds) && rounds > 0)) {
      throw new RangeError(`Cannot make recovery test: 'rounds' must be a whole number > 0, got ${rounds}`);
    }
    this.#options = options;
    this.#rounds = rounds;
    this.#cases = cases.map(findCase);
  }

  /** Runs all cases, one after another. What goes wrong is in the report, never thrown; rejects when aborted. */
  async run(): Promise<RecoveryReport> {
    const startMs = systemClock.monotonicMs();
    const { seed = "demi-health", signal } = this.#options;
    await using layers = new Layers();
    const cases: RecoveryCaseResult[] = [];
    const recoveriesMs: number[] = [];
    for (const each of this.#cases) {
      signal?.throwIfAborted();
      const result = await this.#runCase(each, layers);
      cases.push(result.shown);
      recoveriesMs.push(...result.recoveriesMs);
    }
    return {
      outcome: toOutcome(cases.map(({ outcome }) => outcome)),
      cases,
      seed: String(seed),
      roundsPerCase: this.#rounds,
      timeToRecoverMs: toTimes(recoveriesMs),
      durationMs: systemClock.monotonicMs() - startMs,
    };
  }

  async #runCase(
    each: RecoveryCase,
    layers: Layers,
  ): Promise<{ readonly shown: RecoveryCaseResult; readonly recoveriesMs: readonly number[] }> {
    const startMs = systemClock.monotonicMs();
    const rounds: RecoveryRound[] = [];
    const recoveriesMs: number[] = [];
    let acknowledged = 0;
    for (let round = 0; round < this.#rounds; round++) {
      this.#options.signal?.throwIfAborted();
      const done = await this.#runRound(each, round, layers);
      rounds.push(done.shown);
      recoveriesMs.push(...done.recoveriesMs);
      acknowledged += done.acknowledged;
      this.#options.onRound?.(each.name, done.shown);
      if (done.shown.outcome === "failed" && this.#options.untilFailure) break;
    }
    const { name, proves } = each;
    const durationMs = systemClock.monotonicMs() - startMs;
    const times = { timeToRecoverMs: toTimes(recoveriesMs), durationMs };
    return {
      recoveriesMs,
      shown: { name, proves, ...judge(rounds, acknowledged), rounds, acknowledged, ...times },
    };
  }

  async #runRound(each: RecoveryCase, round: number, layers: Layers): Promise<RoundOutcome> {
    const { companion, seed = "demi-health", ageing = roughAgeing, signal } = this.#options;
    const roundSeed = `${seed} ${each.name} ${round}`;
    const random = new SeededRandom(roundSeed);
    const layer = (): Promise<FileLayer> => layers.get();
    const context = { companion, round, seed: roundSeed, random, ageing, layer, signal };
    const way = each.ways[round % each.ways.length]!;
    try {
      const { did, complaints, recoveriesMs, acknowledged } = await each.run(context);
      const outcome = complaints.length > 0 ? "failed" : "passed";
      return { shown: { round, outcome, did, sentences: complaints }, recoveriesMs, acknowledged };
    } catch (error) {
      signal?.throwIfAborted();
      const outcome = error instanceof Hindrance ? error.outcome : "failed";
      const sentences = [error instanceof Hindrance ? error.message : toSentence(error)];
      return { shown: { round, outcome, did: way, sentences }, recoveriesMs: [], acknowledged: 0 };
    }
  }
}

interface RoundOutcome {
  readonly shown: RecoveryRound;
  readonly recoveriesMs: readonly number[];
  readonly acknowledged: number;
}

/** The file layer, built when it is first asked for. */
class Layers implements AsyncDisposable {
  #layer: Promise<FileLayer> | undefined;

  async get(): Promise<FileLayer> {
    this.#layer ??= FileLayer.build();
    try {
      return await this.#layer;
    } catch (error) {
      if (error instanceof FileLayerError) throw new Hindrance("not-possible", error.message, error);
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const layer = await this.#layer?.catch(() => undefined);
    await layer?.[Symbol.asyncDispose]();
  }
}

function findCase(name: RecoveryCaseName): RecoveryCase {
  const found = ALL_CASES.find((each) => each.name === name);
  if (found) return found;
  throw new TypeError(
    `Cannot make recovery test: 'cases' must be of ${RECOVERY_CASE_NAMES.join(", ")}, got ${String(name)}`,
  );
}

/** Outcome of a case: one failed round is enough, and one that passed is where none failed. */
function judge(
  rounds: readonly RecoveryRound[],
  acknowledged: number,
): Pick<RecoveryCaseResult, "outcome" | "sentence"> {
  const of = (outcome: RecoveryOutcome): readonly RecoveryRound[] =>
    rounds.filter((each) => each.outcome === outcome);
  const [failed, passed] = [of("failed"), of("passed")];
  if (failed.length > 0) {
    const { did, sentences } = failed[0]!;
    const more = sentences.length > 1 ? ` (and ${sentences.length - 1} more)` : "";
    const often = rounds.length > 1 ? `in ${failed.length} of ${rounds.length} rounds, first ` : "";
    return { outcome: "failed", sentence: `${often}${did}: ${sentences[0]}${more}` };
  }
  if (passed.length > 0) {
    const sentence = `came back in ${passed.length} of ${rounds.length} rounds with all ${acknowledged} messages that were answered`;
    return { outcome: "passed", sentence };
  }
  const [first] = rounds;
  return { outcome: first!.outcome, sentence: first!.sentences[0]! };
}

function toOutcome(outcomes: readonly RecoveryOutcome[]): RecoveryReport["outcome"] {
  if (outcomes.includes("failed")) return "defect";
  return outcomes.every((outcome) => outcome === "passed") ? "healthy" : "not-enough-evidence";
}
