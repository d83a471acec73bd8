import { lookAfter } from "../_aftermath.ts";
import type { FileLayer } from "../file_layer.ts";
import { Hindrance } from "../_hindrance.ts";
import { Rig, type RigOptions } from "../_rig.ts";
import type { RoundContext, RoundResult } from "../recovery_case.ts";

/** What a case does with a companion; the result says what was done. */
export type RoundWork = (rig: Rig) => Promise<string>;

/** A round in an environment of its own: `work`, and a look at everything afterwards. */
export async function playRound(
  context: RoundContext,
  options: Partial<RigOptions>,
  work: RoundWork,
): Promise<RoundResult> {
  const { companion, seed, ageing, signal } = context;
  await using rig = await Rig.open({ companion, seed, ageing, signal, ...options });
  const did = await work(rig);
  const { complaints: found, verdict } = await lookAfter(rig, options.provokes);
  const complaints = [...rig.complaints, ...found];
  if (complaints.length === 0 && verdict.outcome === "not-enough-evidence") {
    throw new Hindrance("not-enough-evidence", "no message was acknowledged, or none could be read back");
  }
  return { did, complaints, recoveriesMs: rig.recoveriesMs, acknowledged: verdict.acknowledged };
}

/** The way that this round takes. */
export function wayOf<T>({ round }: RoundContext, ways: readonly T[]): T {
  return ways[round % ways.length]!;
}

/** @throws {Hindrance} If the companion is none of its own process: what is done then is done to the test, too. */
export function requireProcess(rig: Rig, what: string): void {
  if (rig.isProcess) return;
  throw new Hindrance(
    "not-possible",
    `${what} needs a companion that is a process of its own, as processCompanion makes them`,
  );
}

/**
 * The file layer for a companion that lives on real time, where there is one: it sets the clock of its process, so that
 * days pass while it is off.
 */
export async function layerForTime(context: RoundContext): Promise<FileLayer | undefined> {
  const { keepsOwnTime = false, advance } = context.companion();
  return keepsOwnTime && !advance ? await layerIfPossible(context) : undefined;
}

/** The file layer, or nothing where there is none: what is done with it can be done without, less exactly. */
export async function layerIfPossible(context: RoundContext): Promise<FileLayer | undefined> {
  try {
    return await context.layer();
  } catch (error) {
    if (error instanceof Hindrance) return undefined;
    throw error;
  }
}
