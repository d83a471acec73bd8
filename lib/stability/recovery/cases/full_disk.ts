import { Hindrance, toSentence } from "../_hindrance.ts";
import type { Rig } from "../_rig.ts";
import type { RecoveryCase, RoundContext, RoundResult } from "../recovery_case.ts";
import { SmallDisk } from "./_disk.ts";
import { everybodySpeaks, everybodyTries } from "./_platforms.ts";
import { playRound, requireProcess } from "./_round.ts";

const WAYS = ["a disk that refuses to grow", "a small file system that was filled"] as const;
const TRIES = 1;
const PATIENCE_MS = 20_000;
const TICK_MS = 310_000;
const BACK_MS = 10_000; // circuit breakers may be open

/** What makes the disk full. */
interface Disk {
  fill(): Promise<void> | void;
  free(): Promise<void> | void;
}

/** The disk is full for a while. */
export const fullDisk: RecoveryCase = {
  name: "full disk",
  proves:
    "A full disk ends nobody: what cannot be saved is not answered as if it were, and all goes on with new room.",
  ways: WAYS,
  run: (context) => (context.round % 2 === 0 ? refusing(context) : filled(context)),
};

async function refusing(context: RoundContext): Promise<RoundResult> {
  const layer = await context.layer();
  return await playRound(context, { layer }, async (rig) => {
    requireProcess(rig, "a disk that refuses to grow");
    const files = rig.files!;
    await beFull(rig, {
      fill: () => {
        files.isFull = true;
      },
      free: () => {
        files.isFull = false;
      },
    });
    if (files.refused > 0) return WAYS[0];
    throw new Hindrance("not-enough-evidence", "it wrote nothing while the disk was full");
  });
}

async function filled(context: RoundContext): Promise<RoundResult> {
  await using disk = await SmallDisk.mount();
  return await playRound(context, { dataDirectory: disk.directory }, async (rig) => {
    await beFull(rig, disk);
    return WAYS[1];
  });
}

async function beFull(rig: Rig, disk: Disk): Promise<void> {
  const { env } = rig;
  await rig.converse();
  await disk.fill();
  try {
    await everybodyTries(rig, TRIES, PATIENCE_MS);
    if (env.virtualClock) await env.advance(TICK_MS);
    await assertAlive(rig);
  } finally {
    await disk.free();
  }
  if (env.virtualClock) await env.advance(BACK_MS);
  await everybodySpeaks(rig, "with room on the disk again");
  const before = await rig.sample();
  await env.crash();
  await rig.recover({
    meanwhile: () =>
      rig.compare("over a kill after the disk was full", before, { offUntilMs: rig.startedAtMs }),
  });
  await startWhileFull(rig, disk);
}

/** It may refuse to start, and must not lose anything by it. */
async function startWhileFull(rig: Rig, disk: Disk): Promise<void> {
  const before = await rig.sample();
  await rig.env.stop();
  await disk.fill();
  try {
    await rig.start();
    await rig.compare("at a start on a full disk", before, { offUntilMs: rig.startedAtMs });
    await rig.env.crash();
  } catch {
    // what it says of it is its own affair
  } finally {
    await disk.free();
  }
  await rig.recover();
}

async function assertAlive({ env }: Rig): Promise<void> {
  try {
    await env.health();
    await env.emotions();
  } catch (error) {
    throw new Error(`it did not outlive a full disk: ${toSentence(error)}`, { cause: error });
  }
}
