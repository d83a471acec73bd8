// What RecoveryTest says of a healthy companion within this process, and of such that cannot be judged.
import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { PocketDemi, pocketDemi } from "../../../examples/demi/pocket_demi.ts";
import { demiAgeing } from "../../../lib/stability/recovery/ageing_model.ts";
import { RECOVERY_CASE_NAMES, type RecoveryCaseName } from "../../../lib/stability/recovery/recovery_case.ts";
import { RecoveryTest } from "../../../lib/stability/recovery/recovery_test.ts";

const ONLY_PROCESSES: ReadonlySet<RecoveryCaseName> = new Set([
  "killed during a save",
  "killed during the start",
  "power loss",
  "full disk",
]);

class NeverStarts extends PocketDemi {
  override start(): Promise<void> {
    return Promise.reject(new Error("there is no model"));
  }
}

/** Starts once. */
class Frozen extends PocketDemi {
  static lives = 0;
  readonly #life = Frozen.lives++;

  override start(...args: Parameters<PocketDemi["start"]>): Promise<void> {
    return this.#life === 0 ? super.start(...args) : Promise.reject(new Error("there is a lock"));
  }
}

suite("RecoveryTest", { concurrency: 2 }, () => {
  for (const name of RECOVERY_CASE_NAMES) {
    const isForProcesses = ONLY_PROCESSES.has(name);
    if (name === "read-only directory") continue; // root may write everywhere, and others not
    test(`'${name}' ${isForProcesses ? "needs a process" : "passes on pocket Demi"}`, async () => {
      const run = new RecoveryTest({
        companion: pocketDemi,
        cases: [name],
        rounds: isForProcesses ? 1 : 4,
        ageing: demiAgeing,
      });
      const { cases, outcome } = await run.run();
      const [result] = cases;
      assert.equal(result!.outcome, isForProcesses ? "not-possible" : "passed", result!.sentence);
      assert.equal(outcome, isForProcesses ? "not-enough-evidence" : "healthy");
      if (isForProcesses) {
        assert.match(result!.sentence, /process of its own|Linux|compiler/);
        assert.equal(result!.timeToRecoverMs, undefined);
      } else {
        const { count, p50, p95 } = result!.timeToRecoverMs!;
        assert.ok(count >= 4 && p50 > 0 && p95 >= p50);
        assert.ok(result!.acknowledged >= 12);
      }
    });
  }

  test("a companion that never started is no defect found, and no companion passed", async () => {
    const run = new RecoveryTest({
      companion: () => new NeverStarts(),
      cases: ["graceful restart"],
      rounds: 1,
    });
    const { outcome, cases } = await run.run();
    assert.equal(outcome, "not-enough-evidence");
    assert.equal(cases[0]!.outcome, "not-enough-evidence");
    assert.match(cases[0]!.sentence, /did not start before anything was done to it: there is no model/);
    assert.equal(cases[0]!.timeToRecoverMs, undefined);
  });

  test("one that does not come back fails, without a time to recover", async () => {
    const run = new RecoveryTest({
      companion: () => new Frozen(),
      cases: ["killed within a message"],
      rounds: 1,
    });
    const { outcome, cases, timeToRecoverMs } = await run.run();
    assert.equal(outcome, "defect");
    assert.match(cases[0]!.sentence, /it did not start again: there is a lock/);
    assert.equal(timeToRecoverMs, undefined);
  });

  test("the same seed does the same", async () => {
    const did = async (): Promise<readonly string[]> => {
      const cases = ["killed within a message", "corrupt state file"] as const;
      const run = new RecoveryTest({ companion: pocketDemi, cases, rounds: 4, seed: 5 });
      return (await run.run()).cases.flatMap(({ rounds }) => rounds.map(({ did: what }) => what));
    };
    const first = await did();
    assert.equal(first.length, 8);
    assert.deepEqual(await did(), first);
  });

  test("ends at once when it is aborted", async () => {
    const controller = new AbortController();
    const onRound = (): void => controller.abort(new Error("enough"));
    const run = new RecoveryTest({ companion: pocketDemi, rounds: 100, signal: controller.signal, onRound });
    await assert.rejects(run.run(), /enough/);
  });

  test("refuses rounds and cases that are none", () => {
    assert.throws(() => new RecoveryTest({ companion: pocketDemi, rounds: 0 }), {
      name: "RangeError",
      message: "Cannot make recovery test: 'rounds' must be a whole number > 0, got 0",
    });
    const cases = ["fire"] as unknown as readonly RecoveryCaseName[];
    assert.throws(
      () => new RecoveryTest({ companion: pocketDemi, cases }),
      /'cases' must be of .*, got fire/,
    );
  });
});
