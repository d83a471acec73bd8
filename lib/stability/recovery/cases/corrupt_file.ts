import { readFile, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { SeededRandom } from "../../../base/random.ts";
import { readTree } from "../_file_tree.ts";
import { Hindrance } from "../_hindrance.ts";
import type { Rig } from "../_rig.ts";
import type { RecoveryCase } from "../recovery_case.ts";
import { playRound, wayOf } from "./_round.ts";

type Spoil = (bytes: Uint8Array, random: SeededRandom) => Uint8Array;

const WAYS: readonly { readonly name: string; readonly spoil: Spoil }[] = [
  { name: "was cut in half", spoil: (bytes) => bytes.slice(0, bytes.length / 2) },
  { name: "was overwritten with garbage", spoil: toGarbage },
  { name: "is empty", spoil: () => new Uint8Array() },
  { name: "has one byte flipped", spoil: flipByte },
];
const TRIES = 3;
const SAYS =
  /corrupt|damag|malformed|invalid|broken|unreadable|set aside|quarantin|not a database|cannot (open|read|parse|load)|could not (open|read|parse|load)|unexpected (end|token)/i;

/** The file in which it keeps most was spoilt while it was off. */
export const corruptFile: RecoveryCase = {
  name: "corrupt state file",
  proves:
    "A spoilt file is told of and kept aside, and the companion lives on; one that nobody notices costs nothing.",
  ways: WAYS.map(({ name }) => `its largest file ${name}`),
  run: (context) =>
    playRound(context, {}, async (rig) => {
      await rig.converse();
      const before = await rig.sample();
      await rig.env.stop();
      const { name, spoil } = wayOf(context, WAYS);
      const path = await largestFile(rig);
      const spoilt = await spoilFile(join(rig.env.dataDirectory, path), (bytes) =>
        spoil(bytes, context.random),
      );
      const linesBefore = rig.env.logLines.length;
      let hasSaidSo = false;
      const meanwhile = async (): Promise<void> => {
        hasSaidSo =
          rig.env.logLines.slice(linesBefore).some((line) => SAYS.test(line)) ||
          rig.startErrors.some((error) => SAYS.test(error));
        if (hasSaidSo) rig.forgive();
        else
          await rig.compare(`although ${path} ${name} and nothing was said of it`, before, {
            offUntilMs: rig.startedAtMs,
          });
      };
      await rig.recover({ tries: TRIES, meanwhile });
      if (hasSaidSo && !(await isKept(rig, path, spoilt))) {
        rig.complaints.push(`the spoilt ${path} must be kept aside, got no file with what was in it`);
      }
      return `${path} ${name}; ${hasSaidSo ? "it said so" : "it did not notice"}`;
    }),
};

async function largestFile({ env }: Rig): Promise<string> {
  const { files } = await readTree(env.dataDirectory);
  const [largest] = [...files].sort(([, a], [, b]) => b.length - a.length);
  if (largest && largest[1].length > 0) return largest[0].slice(1);
  throw new Hindrance("not-possible", "its data directory has no file that could be spoilt");
}

/** Spoils a file without a trace: a bad disk does not change the time at which it was written. */
async function spoilFile(path: string, spoil: (bytes: Uint8Array) => Uint8Array): Promise<Uint8Array> {
  const { atimeMs, mtimeMs } = await stat(path);
  const spoilt = spoil(new Uint8Array(await readFile(path)));
  await writeFile(path, spoilt);
  await utimes(path, atimeMs / 1000, mtimeMs / 1000);
  return spoilt;
}

/** Whether some file has what the spoilt one had. */
async function isKept({ env }: Rig, path: string, spoilt: Uint8Array): Promise<boolean> {
  const { files } = await readTree(env.dataDirectory);
  return [...files].some(
    ([name, bytes]) => (spoilt.length > 0 || name !== `/${path}`) && Buffer.compare(bytes, spoilt) === 0,
  );
}

function toGarbage(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  return Uint8Array.from(bytes, () => random.integer(0, 255));
}

/** Flips a bit of a byte that means something: not of padding. */
function flipByte(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  const spoilt = bytes.slice();
  let at: number;
  do at = random.integer(0, bytes.length - 1);
  while (spoilt[at] === 0 && bytes.some((byte) => byte !== 0));
  spoilt[at]! ^= 1 << random.integer(0, 7);
  return spoilt;
}
