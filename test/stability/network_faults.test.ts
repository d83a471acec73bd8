import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { pocketDemi } from "../../examples/demi/pocket_demi.ts";
import { testEnvironment } from "../../lib/harness/test_environment.ts";
import { LongRunningStabilityTest } from "../../lib/stability/long_running_stability_test.ts";
import type { NetworkToxic } from "../../lib/stability/_network_fault.ts";
import { describeFault, planFaults, type StabilityFault } from "../../lib/stability/stability_faults.ts";
import type { StabilityTestOptions } from "../../lib/stability/stability_options.ts";
import { DeafBot } from "./_deaf_bot.ts";
import { runOnce, temporaryDirectory } from "./_runs.ts";

const SLOW: StabilityFault = {
  kind: "network",
  service: "ollama",
  toxic: { kind: "latency", latencyMs: 200 },
  minutes: 30,
  atHours: [0.4],
};
const CUT: StabilityFault = {
  kind: "network",
  service: "discord",
  toxic: { kind: "reset_peer", timeoutMs: 0 },
  minutes: 10,
  atHours: [1.2],
};
const RUN: StabilityTestOptions = {
  companion: pocketDemi,
  durationHours: 2,
  pattern: { messagesPerHour: 30 },
  seed: 7,
};

suite("network faults", () => {
  test("a healthy companion comes through, the same way each time, and when it is cut into two", async () => {
    const options = { ...RUN, faults: [SLOW, CUT] };
    await using directory = await temporaryDirectory();
    const whole = await runOnce(options);
    await runOnce({ ...options, directory: directory.path, untilHours: 1.5 });
    const resumed = await runOnce({ ...options, directory: directory.path, resume: true });
    assert.deepEqual(whole.findings, []);
    assert.equal(whole.messages.failed, 0);
    assert.deepEqual(
      whole.faults.map(({ what, recoveryMs }) => [what, recoveryMs !== undefined]),
      [
        ["the network to the language model: latency (latencyMs 200) for 30 min", true],
        ["the network to Discord: reset_peer (timeoutMs 0) for 10 min", true],
      ],
    );
    assert.equal(resumed.eventHash, whole.eventHash);
  });

  test("a companion that stays deaf after a reset is found, and the reset named", async () => {
    const { findings, outcome } = await runOnce({
      ...RUN,
      companion: () => new DeafBot(),
      faults: [CUT],
      stopWhenHopeless: false, // her emotions stand still, which is found first
    });
    assert.equal(outcome, "defect");
    const told = findings.find(({ kind }) => kind === "no-reply")?.message ?? "";
    assert.match(told, /none since the network to Discord: reset_peer \(timeoutMs 0\) for 10 min$/);
  });

  test("the gateway and REST are reached through the proxy, and the fault log tells where it struck", async () => {
    await using env = await testEnvironment({ companion: pocketDemi, proxied: ["discord", "ollama"] });
    assert.ok(env.network("discord").connections.length >= 1);
    using slow = env.network("ollama").add({ kind: "latency", latencyMs: 100 });
    assert.ok(await env.sendMessage("discord", "ada", "Hello Demi"));
    assert.ok(slow.strikes >= 1);
    assert.ok([...env.faultLog].some(({ source }) => source.startsWith("network of ollama")));
    assert.throws(() => env.network("voice"), /Cannot use the network of voice/);
  });

  test("a toxic that cannot be is refused before the run", () => {
    const plan = (toxic: object): unknown =>
      planFaults([{ ...SLOW, toxic: toxic as NetworkToxic } as StabilityFault], 7_200_000, 1);
    assert.throws(() => plan({ kind: "rain" }), {
      name: "TypeError",
      message: /'toxic\.kind' must be one of down, latency/,
    });
    assert.throws(() => plan({ kind: "latency" }), { name: "TypeError", message: /'toxic\.latencyMs'/ });
    assert.throws(() => plan({ kind: "latency", latencyMs: -1 }), { name: "RangeError" });
    const service = "tea" as "ollama";
    assert.throws(() => planFaults([{ ...SLOW, service } as StabilityFault], 7_200_000, 1), /'service'/);
    // what a client notices by heartbeats of real time would be another run each time
    const silent: StabilityFault = { ...CUT, toxic: { kind: "timeout", timeoutMs: 1000 } };
    assert.throws(() => new LongRunningStabilityTest({ ...RUN, faults: [silent] }), {
      name: "TypeError",
      message: /'toxic\.kind' on discord must be one that closes or slows on a virtual clock.*got timeout/,
    });
    assert.ok(new LongRunningStabilityTest({ ...RUN, time: "system", faults: [silent] }));
    assert.equal(
      describeFault({ kind: "network", service: "voice", toxic: { kind: "down" }, minutes: 2 }),
      "the network to the voice service: down for 2 min",
    );
  });
});
