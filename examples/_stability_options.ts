// The command line of the stability test: its options, what an earlier one in the same directory was given, and the
// line that shows a finding again.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseArgs, type ParseArgsOptionsConfig } from "node:util";
import { LOAD_PATTERN_NAMES, type LoadPatternName } from "demi-health/harness";
import type { StabilityFault, StabilityTestOptions } from "demi-health/stability";
import { loadCompanion } from "./_load_companion.ts";
import { DEFAULT_FAULTS } from "./_stability_faults.ts";

/** Where a run lives unless told otherwise. */
export const DEFAULT_DIRECTORY = ".demi/stability";

const OPTIONS = {
  hours: { type: "string" },
  until: { type: "string" },
  checkpoint: { type: "string" },
  pattern: { type: "string" },
  users: { type: "string" },
  seed: { type: "string" },
  virtual: { type: "boolean" },
  real: { type: "boolean" },
  faults: { type: "string" },
  companion: { type: "string" },
  process: { type: "boolean" },
  dir: { type: "string" },
  resume: { type: "boolean" },
  report: { type: "string" },
  json: { type: "boolean" },
} as const satisfies ParseArgsOptionsConfig;

/** What makes a run the one that it is; kept in its directory, so that `--resume` needs none of it again. */
interface RunChoices {
  readonly hours?: string | undefined;
  readonly until?: string | undefined;
  readonly checkpoint?: string | undefined;
  readonly pattern?: string | undefined;
  readonly users?: string | undefined;
  readonly seed?: string | undefined;
  readonly time?: "virtual" | "system" | undefined;
  readonly faults?: string | undefined;
  readonly companion?: string | undefined;
  readonly process?: boolean | undefined;
}

/** What `run` and `start` were asked for. */
export interface RunCommand {
  readonly directory: string;
  readonly resume: boolean;
  readonly report: string | undefined;
  readonly json: boolean;
  readonly choices: RunChoices;
}

/** @throws {TypeError | RangeError} If an option is not there, or contradicts another. */
export async function parseRunCommand(args: readonly string[]): Promise<RunCommand> {
  const { values } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: false });
  const { virtual = false, real = false, dir, resume = false, report, json = false, ...rest } = values;
  if (virtual && real) throw contradiction("virtual", "real");
  const directory = resolve(dir ?? DEFAULT_DIRECTORY);
  const isFile = rest.faults !== undefined && rest.faults !== "default" && rest.faults !== "none";
  const given: RunChoices = {
    ...rest,
    ...((virtual || real) && { time: virtual ? "virtual" : "system" }),
    // so that it is found from another working directory, too
    ...(isFile && { faults: resolve(rest.faults!) }),
    ...(rest.companion !== undefined && { companion: absolute(rest.companion) }),
  };
  const before = resume ? await readChoices(directory) : {};
  const choices = { ...before, ...given };
  if (choices.companion !== undefined && choices.process) throw contradiction("companion", "process");
  if (choices.pattern !== undefined && !LOAD_PATTERN_NAMES.includes(choices.pattern as LoadPatternName)) {
    throw refusal("pattern", `one of ${LOAD_PATTERN_NAMES.join(", ")}`, choices.pattern);
  }
  return { directory, resume, report, json, choices };
}

/** The options of the test itself. */
export async function toTestOptions({
  directory,
  resume,
  choices,
}: RunCommand): Promise<StabilityTestOptions> {
  const { hours, until, checkpoint, users, seed = "7", time, companion } = choices;
  const asProcess = choices.process ?? time === "system";
  return {
    companion: await loadCompanion("run stability test", companion, asProcess),
    name: companion === undefined ? "pocket Demi" : companion.replace(/^.*\//, ""),
    durationHours: toNumber("hours", hours) ?? 168,
    untilHours: toNumber("until", until),
    checkpointMinutes: toNumber("checkpoint", checkpoint) ?? 60,
    pattern: (choices.pattern ?? "casual") as LoadPatternName,
    users: toNumber("users", users),
    seed,
    time,
    faults: await loadFaults(choices.faults ?? "default"),
    directory,
    resume,
    reproduceWith: toCommandLine(choices),
  };
}

/** Keeps what a run was asked for in its directory. */
export async function keepChoices({ directory, choices }: RunCommand): Promise<void> {
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, CHOICES_FILE), `${JSON.stringify(choices)}\n`);
}

const CHOICES_FILE = "command.json";

async function readChoices(directory: string): Promise<RunChoices> {
  try {
    const choices = JSON.parse(await readFile(join(directory, CHOICES_FILE), "utf8")) as RunChoices;
    return { ...choices, until: undefined }; // an end that was asked for once is not one for ever
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw error;
  }
}

/** The line that shows a run again, but for its seed and its end, which a finding adds. */
function toCommandLine({ time, process: asProcess, ...choices }: RunChoices): string {
  const names = ["hours", "checkpoint", "pattern", "users", "faults", "companion"] as const;
  const named = names.flatMap((name) =>
    choices[name] === undefined ? [] : ` --${name} ${quote(choices[name])}`,
  );
  const flags = [
    ...(time === undefined ? [] : [time === "system" ? " --real" : " --virtual"]),
    ...(asProcess ? [" --process"] : []),
  ];
  return `node examples/run_stability_test.ts run${[...named, ...flags].join("")}`;
}

function quote(text: string): string {
  return /^[\w./:#=-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

async function loadFaults(named: string): Promise<readonly StabilityFault[]> {
  if (named === "none") return [];
  if (named === "default") return DEFAULT_FAULTS;
  const faults: unknown = JSON.parse(await readFile(named, "utf8"));
  if (Array.isArray(faults)) return faults as readonly StabilityFault[];
  throw refusal("faults", "a file with a list of faults as JSON", named);
}

function absolute(companion: string): string {
  const at = companion.lastIndexOf("#");
  return at < 0 ? resolve(companion) : `${resolve(companion.slice(0, at))}${companion.slice(at)}`;
}

function toNumber(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() !== "" && value > 0 && value < Infinity) return value;
  throw refusal(name, "> 0", text);
}

function refusal(name: string, rule: string, value: string): RangeError {
  return new RangeError(`Cannot run stability test: '--${name}' must be ${rule}, got ${value}`);
}

function contradiction(one: string, other: string): TypeError {
  return new TypeError(`Cannot run stability test: '--${one}' and '--${other}' must not both be given`);
}
