import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { normalQuantile, normalTail, studentQuantile } from "../../lib/stats/_distributions.ts";
import {
  exactCut,
  normalCut,
  rankSumDistribution,
  signedRankDistribution,
} from "../../lib/stats/_rank_interval.ts";
import { assertClose, readFigures } from "./_figures.ts";

const python =
  readFigures<Readonly<Record<"normalTail" | "normalQuantile", readonly [number, number][]>>>("python");
const r = readFigures<{
  readonly student: readonly [number, number, number][];
  readonly signedRank: readonly { readonly n: number; readonly p: readonly number[] }[];
  readonly rankSum: readonly { readonly m: number; readonly n: number; readonly p: readonly number[] }[];
}>("r");

suite("distributions", () => {
  test("the normal one agrees with SciPy, far out too", () => {
    for (const [z, tail] of python.normalTail) assertClose(normalTail(z), tail, 1e-12, `tail of ${z}`);
    for (const [tail, z] of python.normalQuantile) assertClose(normalQuantile(tail), z, 1e-13, `at ${tail}`);
  });

  // 1 - 0.999999 has lost digits; beyond 200 degrees of freedom it is an expansion that is worst so far out
  test("Student's agrees with R", () => {
    for (const [confidence, n, t] of r.student) {
      assertClose(studentQuantile(confidence, n), t, n > 200 ? 1e-8 : 1e-10, `${confidence} of ${n}`);
    }
  });

  test("the normal approximation cuts off as many as the exact distribution, or one more or less", () => {
    for (const n of [30, 50, 60]) {
      for (const confidence of [0.8, 0.95, 0.99]) {
        const exact = exactCut(signedRankDistribution(n), confidence).cut;
        const normal = normalCut(
          (n * (n + 1)) / 4,
          (n * (n + 1) * (2 * n + 1)) / 24,
          confidence,
          0.5 ** n,
        ).cut;
        assert.ok(Math.abs(exact - normal) <= (confidence < 0.99 ? 1 : 3), `${normal} of ${n}, not ${exact}`);
      }
    }
  });

  test("Wilcoxon's agree with R", () => {
    for (const { n, p } of r.signedRank) {
      const ours = signedRankDistribution(n);
      for (const [i, each] of p.entries()) assertClose(ours[i]!, each, 1e-12, `signed rank ${i} of ${n}`);
    }
    for (const { m, n, p } of r.rankSum) {
      const ours = rankSumDistribution(m, n);
      for (const [i, each] of [p].flat().entries()) assertClose(ours[i]!, each, 1e-12, `rank sum ${i}`);
    }
  });
});
