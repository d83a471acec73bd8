import { chmod, readdir } from "node:fs/promises";
import { join } from "node:path";
import { Hindrance } from "../_hindrance.ts";
import type { Rig, RigOptions } from "../_rig.ts";
import type { RecoveryCase } from "../recovery_case.ts";
import { everybodySpeaks, everybodyTries } from "./_platforms.ts";
import { playRound, requireProcess, wayOf } from "./_round.ts";

const WAYS = ["when it starts", "while it runs"] as const;
const NOBODY = { uid: 65_534, gid: 65_534 };
const PATIENCE_MS = 20_000;
const BACK_MS = 10_000;

/** Its data directory is not its own any more. */
export const readOnlyDirectory: RecoveryCase = {
  name: "read-only directory",
  proves:
    "What may not be written is not begun anew: it says so or goes on, and knows everything when it may again.",
  ways: WAYS.map((way) => `its directory was read-only ${way}`),
  async run(context) {
    const isRoot = process.getuid?.() === 0;
    const options: Partial<RigOptions> = isRoot ? { user: NOBODY } : {};
    try {
      return await playRound(context, options, async (rig) => {
        if (process.platform === "win32")
          throw new Hindrance("not-possible", "it needs file modes, which Windows lacks");
        // whoever is root may write whatever the mode says
        if (isRoot) requireProcess(rig, "root's directory that is read-only");
        await rig.converse();
        const way = wayOf(context, WAYS);
        await (way === "when it starts" ? whenStarting(rig) : whileRunning(rig));
        return `its directory was read-only ${way}`;
      });
    } catch (error) {
      if (!(isRoot && error instanceof Hindrance && error.outcome === "not-enough-evidence")) throw error;
      throw new Hindrance("not-possible", `as another user than root ${error.message}`, error);
    }
  },
};

async function whenStarting(rig: Rig): Promise<void> {
  const { env } = rig;
  const before = await rig.sample();
  await env.stop();
  await setWritable(env.dataDirectory, false);
  const where = "at a start in a read-only directory";
  try {
    if (await startsAnyway(rig)) {
      await rig.compare(where, before, { offUntilMs: rig.startedAtMs });
      await everybodyTries(rig, 1, PATIENCE_MS);
      await env.crash();
    }
  } finally {
    await setWritable(env.dataDirectory, true);
  }
  await rig.recover({
    meanwhile: () =>
      rig.compare("after the directory was read-only", before, {
        offUntilMs: rig.startedAtMs,
        maySpeak: true,
      }),
  });
}

/** Whether it starts; one that does not has to say why. */
async function startsAnyway(rig: Rig): Promise<boolean> {
  const linesBefore = rig.env.logLines.length;
  try {
    await rig.start();
    return true;
  } catch {
    const lines = rig.env.logLines.slice(linesBefore);
    if (rig.isProcess && lines.every((line) => line.trim() === "")) {
      rig.complaints.push("it did not start in a read-only directory and must say why, got no word of it");
    }
    return false;
  }
}

async function whileRunning(rig: Rig): Promise<void> {
  const { env } = rig;
  await setWritable(env.dataDirectory, false);
  try {
    await everybodyTries(rig, 2, PATIENCE_MS);
  } finally {
    await setWritable(env.dataDirectory, true);
  }
  if (env.virtualClock) await env.advance(BACK_MS);
  await everybodySpeaks(rig, "when the directory may be written again");
  const before = await rig.sample();
  await env.crash();
  await rig.recover({
    meanwhile: () =>
      rig.compare("over a kill after the directory was read-only", before, { offUntilMs: rig.startedAtMs }),
  });
}

async function setWritable(directory: string, isWritable: boolean): Promise<void> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  await chmod(directory, isWritable ? 0o755 : 0o555);
  for (const entry of entries) {
    const mode = (entry.isDirectory() ? 0o555 : 0o444) | (isWritable ? 0o200 : 0);
    if (entry.isFile() || entry.isDirectory()) await chmod(join(entry.parentPath, entry.name), mode);
  }
}
