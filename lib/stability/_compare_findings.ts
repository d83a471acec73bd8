import type { ChangeVerdict, FindingChange } from "./compare_runs.ts";
import type { StabilityFinding, StabilityResults } from "./stability_results.ts";

/** Kinds whose number is judged elsewhere: as a share of all messages, in blocks of time. */
const SHARES: ReadonlySet<string> = new Set(["no-reply"]);

/** What is known besides the findings. */
export interface FindingOptions {
  /** Whether both had one plan and one seed, in virtual time. */
  readonly isPaired: boolean;
  readonly confidence: number;
  /** Verdict on the growth of memory, where there is one. */
  readonly growth: ChangeVerdict | undefined;
}

/**
 * What was found in one run and not in the other. Of two runs with one plan in virtual time any difference counts; of
 * others a thing that came once may have come by chance, and stays `unclear`.
 */
export function compareFindings(
  before: StabilityResults,
  after: StabilityResults,
  options: FindingOptions,
): readonly FindingChange[] {
  const { isPaired } = options;
  const [was, is] = [countOf(before), countOf(after)];
  const keys = [...new Set([...was.keys(), ...is.keys()])];
  const findings = keys.map((key): FindingChange => {
    const [a, b] = [was.get(key)?.count ?? 0, is.get(key)?.count ?? 0];
    const { requirement, kind, message, reproduce } = (is.get(key) ?? was.get(key))!;
    const verdict = judge(kind, a, b, options);
    return { requirement, kind, message, before: a, after: b, verdict, reproduce };
  });
  return [...findings, ...compareBounds(before, after, isPaired), ...compareEnds(before, after, isPaired)];
}

function countOf({ findings }: StabilityResults): ReadonlyMap<string, StabilityFinding> {
  const counts = new Map<string, StabilityFinding>();
  for (const finding of findings) {
    const key = `${finding.requirement} ${finding.kind}`;
    const known = counts.get(key);
    counts.set(key, known ? { ...known, count: known.count + finding.count } : finding);
  }
  return counts;
}

function judge(
  kind: string,
  a: number,
  b: number,
  { isPaired, confidence, growth }: FindingOptions,
): FindingChange["verdict"] {
  if (kind === "leak") return a === b ? "same" : judgeLeak(b > a, growth);
  const isSure = isPaired || (!SHARES.has(kind) && chanceOf(a, b) <= 1 - confidence);
  if (a === 0) return isSure ? "worse" : "unclear";
  if (b === 0) return isSure ? "better" : "unclear";
  if (SHARES.has(kind) || chanceOf(a, b) > 1 - confidence) return "same";
  return b >= 2 * a ? "worse" : a >= 2 * b ? "better" : "same";
}

// A verdict that falls just on the other side of its line is no change; memory is never the same twice.
function judgeLeak(isNew: boolean, growth: ChangeVerdict | undefined): FindingChange["verdict"] {
  if (growth === "same") return "same";
  return growth === (isNew ? "worse" : "better") ? growth : "unclear";
}

/** How likely so uneven a split is where both are as often, twice the smaller tail of the binomial distribution. */
function chanceOf(a: number, b: number): number {
  const [few, total] = [Math.min(a, b), a + b];
  if (total > 1000) return Math.abs(a - b) > 4 * Math.sqrt(total) ? 0 : 1;
  let [term, sum] = [2 ** -total, 0];
  for (let k = 0; k <= few; k++) {
    sum += term;
    term *= (total - k) / (k + 1);
  }
  return Math.min(1, 2 * sum);
}

/** Thresholds and properties that hold in one of them only. */
function compareBounds(
  before: StabilityResults,
  after: StabilityResults,
  isPaired: boolean,
): readonly FindingChange[] {
  const brokenIn = ({ thresholds, properties }: StabilityResults): ReadonlyMap<string, Broken> =>
    new Map([
      ...thresholds
        .filter(({ outcome }) => outcome === "broken")
        .map(({ metric, value, max, requirement }): [string, Broken] => [
          metric,
          { requirement, kind: "threshold", message: `${metric} must be at most ${max}, got ${value}` },
        ]),
      ...properties
        .filter(({ outcome }) => outcome !== "held")
        .map(({ name, outcome }): [string, Broken] => [
          name,
          { requirement: undefined, kind: "property", message: `"${name}": ${outcome}` },
        ]),
    ]);
  const [was, is] = [brokenIn(before), brokenIn(after)];
  return [...new Set([...was.keys(), ...is.keys()])].map((key): FindingChange => {
    const [a, b] = [was.has(key) ? 1 : 0, is.has(key) ? 1 : 0];
    const verdict = a === b ? "same" : !isPaired ? "unclear" : b > a ? "worse" : "better";
    return { ...(is.get(key) ?? was.get(key))!, before: a, after: b, verdict, reproduce: undefined };
  });
}

type Broken = Pick<FindingChange, "requirement" | "kind" | "message">;

function compareEnds(
  before: StabilityResults,
  after: StabilityResults,
  isPaired: boolean,
): readonly FindingChange[] {
  const [a, b] = [before.end === "hopeless" ? 1 : 0, after.end === "hopeless" ? 1 : 0];
  if (a === b) return [];
  const verdict = !isPaired ? "unclear" : b > a ? "worse" : "better";
  const message = "It could no longer pass, and ended early";
  return [
    {
      requirement: "HEALTH-01",
      kind: "hopeless",
      message,
      before: a,
      after: b,
      verdict,
      reproduce: undefined,
    },
  ];
}
