// What RecoveryTest says of a healthy companion that is a process of its own: what is done to processes and disks.
import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { pocketDemiProcess } from "../../../examples/pocket_demi_process.ts";
import type { CompanionFactory } from "../../../lib/harness/companion.ts";
import { processCompanion } from "../../../lib/harness/process_companion.ts";
import { demiAgeing } from "../../../lib/stability/recovery/ageing_model.ts";
import type { RecoveryCaseName } from "../../../lib/stability/recovery/recovery_case.ts";
import { RecoveryTest } from "../../../lib/stability/recovery/recovery_test.ts";

const MAIN = fileURLToPath(new URL("../../../examples/demi/main.ts", import.meta.url));

/** A companion that has no virtual time, as most. */
const onRealTime: CompanionFactory = processCompanion({
  command: process.execPath,
  args: [
    MAIN,
    ["--data-dir", "{dataDirectory}", "--host", "{listen.host}", "--port", "{listen.port}"],
    ["--discord-token", "{discord.token}", "--discord-api", "{discord.apiUrl}"],
    ["--ollama-url", "{ollama.url}", "--model", "{ollama.model}"],
  ],
  ready: /^Pocket Demi listens on (\S+)/,
});

async function assertPasses(
  companion: CompanionFactory,
  name: RecoveryCaseName,
  rounds: number,
): Promise<void> {
  const { cases } = await new RecoveryTest({ companion, cases: [name], rounds, ageing: demiAgeing }).run();
  const [result] = cases;
  assert.equal(result!.outcome, "passed", result!.sentence);
  assert.ok(result!.timeToRecoverMs!.count >= rounds);
}

suite("RecoveryTest, of a process", { concurrency: 2 }, () => {
  const rounds: readonly (readonly [RecoveryCaseName, number])[] = [
    ["killed during a save", 2],
    ["killed during the start", 2],
    ["power loss", 2],
    ["full disk", 1],
    ["read-only directory", 1],
    ["clock jump", 1],
  ];
  for (const [name, count] of rounds) {
    test(`'${name}' passes on pocket Demi`, () => assertPasses(pocketDemiProcess, name, count));
  }

  test("days pass for one that lives on real time, by its own clock", () =>
    assertPasses(onRealTime, "long absence", 1));
});
