import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { PocketDemi, pocketDemi } from "../../examples/demi/pocket_demi.ts";
import type { EmotionalState } from "../../lib/emotion/emotional_state.ts";
import { LongRunningStabilityTest } from "../../lib/stability/long_running_stability_test.ts";
import { plant } from "../defects/_plant.ts";
import { DEFECTS } from "../defects/defects.ts";
import { runOnce, temporaryDirectory, WEEKLY_FAULTS } from "./_runs.ts";

suite("LongRunningStabilityTest", () => {
  test("a healthy companion with faults of all kinds: one seed, one course of events", async () => {
    const options = {
      companion: pocketDemi,
      durationHours: 8,
      pattern: { messagesPerHour: 30 },
      faults: WEEKLY_FAULTS,
    } as const;
    const first = await runOnce({ ...options, seed: 7 });
    assert.equal(
      first.requirements["HEALTH-01"].outcome,
      "healthy",
      first.requirements["HEALTH-01"].evidence.join("\n"),
    );
    assert.equal(
      first.requirements["HEALTH-04"].outcome,
      "healthy",
      first.requirements["HEALTH-04"].evidence.join("\n"),
    );
    assert.deepEqual(first.findings, []);
    assert.ok(first.messages.answered > 180, String(first.messages.answered));
    assert.equal(first.messages.failed, 0);
    assert.deepEqual(
      first.faults.map(({ what }) => what.split(" ").slice(0, 3).join(" ")),
      ["Discord is down", "the companion crashes", "the companion is", "the language model"],
    );
    assert.ok(first.faults.every(({ recoveryMs }) => recoveryMs !== undefined && recoveryMs < 60_000));
    assert.ok(first.alerts.some(({ id }) => id === `platform_unhealthy{platform="discord"}`));
    assert.equal(first.continuity, "whole");
    const again = await runOnce({ ...options, seed: 7 });
    assert.deepEqual([again.eventHash, again.events], [first.eventHash, first.events]);
    const other = await runOnce({ ...options, seed: 8, untilHours: 1 });
    const same = await runOnce({ ...options, seed: 7, untilHours: 1 });
    assert.notEqual(other.eventHash, same.eventHash);
  });

  test("a run that is stopped goes on to the same end", async () => {
    await using at = await temporaryDirectory();
    const options = {
      companion: pocketDemi,
      durationHours: 4,
      seed: 3,
      faults: WEEKLY_FAULTS.slice(0, 2),
    } as const;
    const whole = await runOnce(options);
    {
      const stop = new AbortController();
      const onEvent = ({ atMs }: { atMs: number }): void => void (atMs > 2.7 * 3_600_000 && stop.abort());
      const part = await runOnce({ ...options, directory: at.path, signal: stop.signal, onEvent });
      assert.equal(part.end, "stopped");
      assert.ok(part.elapsedMs < 3 * 3_600_000);
    }
    const rest = await runOnce({ ...options, directory: at.path, resume: true });
    assert.deepEqual([rest.end, rest.resumes, rest.continuity], ["finished", 1, "identical"]);
    assert.deepEqual([rest.eventHash, rest.messages], [whole.eventHash, whole.messages]);
  });

  test("results and a report are left, also in words", async () => {
    await using at = await temporaryDirectory();
    await using run = new LongRunningStabilityTest({
      companion: pocketDemi,
      durationHours: 1,
      directory: join(at.path, "run"),
    });
    await run.setup();
    const results = await run.run();
    await run.generateReport(join(at.path, "report.html"));
    assert.match(await readFile(join(at.path, "report.html"), "utf8"), /HEALTH-03/);
    assert.match(await readFile(join(at.path, "report.txt"), "utf8"), /HEALTH-03/);
    const saved: unknown = JSON.parse(await readFile(join(at.path, "run", "results.json"), "utf8"));
    assert.deepEqual(saved, JSON.parse(JSON.stringify(results)));
    const progress = JSON.parse(await readFile(join(at.path, "run", "progress.json"), "utf8")) as object;
    assert.deepEqual({ ...progress, state: "finished", leftMs: 0 }, progress);
  });

  test("a companion that never starts fails at once, and leaves nothing", async () => {
    class Stillborn extends PocketDemi {
      override start(): Promise<void> {
        return Promise.reject(new Error("no heart"));
      }
    }
    await using run = new LongRunningStabilityTest({ companion: () => new Stillborn() });
    await assert.rejects(run.setup(), /no heart/);
    await assert.rejects(run.run(), /must be set up/);
  });

  test("one that never answers is given up soon", async () => {
    class Silent extends PocketDemi {
      override start(env: Parameters<PocketDemi["start"]>[0]): Promise<void> {
        // she hears nothing on the platforms that she says to be on
        return super.start({
          ...env,
          discord: env.discord && { ...env.discord, token: "wrong" },
          listen: undefined,
        });
      }
      override async health(): ReturnType<PocketDemi["health"]> {
        return [{ name: "discord", status: "online", since: 0 }];
      }
    }
    const results = await runOnce({ companion: () => new Silent(), pattern: "active", durationHours: 24 });
    assert.deepEqual([results.outcome, results.end], ["defect", "hopeless"]);
    assert.ok(results.elapsedMs < 3_600_000);
    assert.ok(results.findings.some(({ kind }) => kind === "never-answered"));
    assert.equal(results.messages.latency, undefined);
    const p90 = results.thresholds.find(({ metric }) => metric === "p90ResponseMs");
    assert.deepEqual([p90?.outcome, p90?.value], ["no-data", undefined]);
  });

  test("one that dies in its sleep is started again, and that is told with the line that shows it", async () => {
    let looks = 0;
    class Mortal extends PocketDemi {
      override emotions(): Promise<EmotionalState> {
        if (++looks > 30 && looks <= 33) return Promise.reject(new Error("gone"));
        return super.emotions();
      }
    }
    const results = await runOnce({
      companion: () => new Mortal(),
      durationHours: 2,
      stopWhenHopeless: false,
      seed: 5,
      reproduceWith: "node run.ts",
    });
    const died = results.findings.find(({ kind }) => kind === "died");
    assert.equal(died?.requirement, "HEALTH-01");
    assert.match(died!.reproduce, /^node run\.ts --seed 5 --until 0\.5\d+ # 32 min/);
    assert.equal(results.thresholds.find(({ metric }) => metric === "unplannedRestarts")?.value, 1);
    assert.equal(results.requirements["HEALTH-01"].outcome, "defect");
    assert.equal(results.end, "finished");
  });

  test("one that ends with its first platform breaks HEALTH-04", async () => {
    await using planted = await plant(DEFECTS.find(({ name }) => name === "a failing platform ends all")!);
    const results = await runOnce({
      companion: planted.factory,
      pattern: "active",
      durationHours: 2,
      faults: [{ kind: "outage", target: "discord", minutes: 20, atHours: 1 }],
    });
    const { outcome, evidence } = results.requirements["HEALTH-04"];
    assert.equal(outcome, "defect", evidence.join("\n"));
    assert.match(evidence.join("\n"), /While a platform was down, \d+ of \d+ messages/);
  });

  for (const name of ["the state is not loaded at the start", "time off is not aged"]) {
    test(`${name}: breaks HEALTH-03`, async () => {
      await using planted = await plant(DEFECTS.find((each) => each.name === name)!);
      const results = await runOnce({
        companion: planted.factory,
        durationHours: 6,
        stopWhenHopeless: false,
        faults: [{ kind: "restart", offMinutes: 60, atHours: 3 }],
      });
      const { outcome, evidence } = results.requirements["HEALTH-03"];
      assert.equal(outcome, "defect", evidence.join("\n"));
      const finding = results.findings.find(({ requirement }) => requirement === "HEALTH-03");
      assert.ok(finding!.atMs > 4 * 3_600_000 - 60_000 && finding!.atMs < 4.2 * 3_600_000, finding!.message);
    });
  }

  test("emotions out of their bounds, and a property of one's own that fails, are defects", async () => {
    class Unbounded extends PocketDemi {
      override async emotions(): Promise<EmotionalState> {
        return { ...(await super.emotions()), jealousy: 1.2 };
      }
    }
    const results = await runOnce({
      companion: () => new Unbounded(),
      durationHours: 1,
      stopWhenHopeless: false,
      properties: [{ kind: "reachable", name: "she speaks unprompted" }],
      check: ({ emotions }, checks) => void checks.always("calm", (emotions?.frustration ?? 0) < 0.2),
    });
    assert.equal(results.requirements["HEALTH-03"].outcome, "defect");
    const outcomes = Object.fromEntries(results.properties.map(({ name, outcome }) => [name, outcome]));
    assert.deepEqual([outcomes["calm"], outcomes["she speaks unprompted"]], ["failed", "never-reached"]);
    assert.match(results.summary, /HEALTH-03.*"calm"/);
  });

  test("refuses what is no option, a directory in use, and a run of other options", async () => {
    const wrong: readonly (readonly [object, RegExp])[] = [
      [{ durationHours: 0 }, /'durationHours' must be finite and > 0, got 0/],
      [{ checkpointMinutes: NaN }, /'checkpointMinutes' must be/],
      [{ companion: "demi" }, /'companion' must be a function that makes one, got string/],
      [{ phases: [] }, /'phases' must have at least one/],
      [{ phases: [{ name: "night", hours: -1 }] }, /'hours' of phase night must be/],
      [
        { thresholds: [{ metric: "errorRate", max: NaN, requirement: "HEALTH-01" }] },
        /'thresholds.errorRate'/,
      ],
      [{ pattern: "lazy" }, /'pattern' must be one of/],
    ];
    for (const [options, message] of wrong) {
      assert.throws(() => new LongRunningStabilityTest({ companion: pocketDemi, ...options } as never), {
        message,
      });
    }
    await using at = await temporaryDirectory();
    const options = { companion: pocketDemi, durationHours: 1, directory: at.path } as const;
    {
      await using first = new LongRunningStabilityTest(options);
      await first.setup();
      await assert.rejects(new LongRunningStabilityTest(options).setup(), { name: "RunDirectoryError" });
      await first.run();
    }
    const other = new LongRunningStabilityTest({ ...options, seed: 9, resume: true });
    await assert.rejects(other.setup(), /must be of the same options/);
  });
});
