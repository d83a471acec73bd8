// Lets a companion live for seven days, in minutes of virtual time or in earnest: its users write, its platforms go
// down, it crashes, and all that it does is watched. Says what is wrong with it, and how to see that again.
import { join, resolve } from "node:path";
import { parseArgs, type ParseArgsOptionsConfig } from "node:util";
import { compareDirectories, reportRun } from "./_stability_compare.ts";
import { DEFAULT_DIRECTORY, parseRunCommand } from "./_stability_options.ts";
import { runHere } from "./_stability_run.ts";
import { startDetached, stopRun } from "./_stability_start.ts";
import { showStatus } from "./_stability_status.ts";

const EXIT_CODES = "Exit code: 0 healthy, 1 could not run, 2 a defect was found, 3 not enough evidence.";

const RUN_OPTIONS = `  --hours N               how long (default 168)
  --pattern NAME          active, casual, sporadic or stress (default casual)
  --users N               how many write (default 3)
  --seed TEXT             everything random comes from it (default 7)
  --virtual, --real       days in minutes, or in earnest (default virtual where the companion can)
  --faults FILE           what is done to it, as a JSON list of StabilityFault; or default, or none
  --companion FILE#EXPORT factory of the companion (default pocket Demi; in this process in virtual time)
  --process               pocket Demi as a process of her own
  --checkpoint MINUTES    between two checkpoints (default 60)
  --until HOURS           ends there, to see again what happened then
  --dir DIR               where the run lives (default ${DEFAULT_DIRECTORY}); one that was there is kept as DIR.1, …
  --resume                goes on from the last checkpoint in DIR, with the options that it was begun with`;

const JSON_OPTION = "  --json                  print the result as one line of JSON at the end";

interface Subcommand {
  readonly help: string;
  readonly run: (args: readonly string[]) => Promise<number>;
}

const COMMANDS: Readonly<Record<string, Subcommand>> = {
  run: {
    help: `Usage: node examples/run_stability_test.ts run [options]

One run, in this process. Ctrl-C ends it with a checkpoint and a result; a second one at once.

${RUN_OPTIONS}
  --report FILE           write the report as HTML and, beside it, as text
${JSON_OPTION}

${EXIT_CODES}`,
    run: async (args) => await runHere(await parseRunCommand(args)),
  },
  start: {
    help: `Usage: node examples/run_stability_test.ts start [options]

One run in a process of its own, which goes on when its terminal is closed. Returns once it is set up.
Its output goes to DIR.log.

${RUN_OPTIONS}
  --report FILE           write the report at its end as HTML and, beside it, as text
${JSON_OPTION}

Exit code: 0 it runs, 1 it could not be set up.`,
    run: startDetached,
  },
  stop: {
    help: `Usage: node examples/run_stability_test.ts stop [options]

Ends the run in a directory with a checkpoint and a result, within five seconds.

  --dir DIR               where it lives (default ${DEFAULT_DIRECTORY})
${JSON_OPTION}

Exit code: 0 it has ended, 1 none runs there, or it did not end.`,
    run: async (args) => {
      const { directory, json } = parseDirectory(args);
      return await stopRun(directory, json);
    },
  },
  status: {
    help: `Usage: node examples/run_stability_test.ts status [options]

How far a run is and what it found so far; also after it died.

  --dir DIR               where it lives (default ${DEFAULT_DIRECTORY})
${JSON_OPTION}

Exit code: 0 it runs or was healthy, without a finding; 1 there is none, or it died; 2 a defect was found; 3 it ended
without enough evidence, or was stopped.`,
    run: async (args) => {
      const { directory, json } = parseDirectory(args);
      return await showStatus(directory, json);
    },
  },
  report: {
    help: `Usage: node examples/run_stability_test.ts report [options]

Writes the report of a run as HTML and, beside it, as text. Of one that runs yet or that died it shows what its
timeline tells, and says what it cannot tell.

  --dir DIR               where the run lives (default ${DEFAULT_DIRECTORY})
  --report FILE           what to write (default DIR/report.html)
${JSON_OPTION}

Exit code: 0 it is written, 1 it is not.`,
    run: async (args) => {
      const { values } = parseArgs({ args: [...args], options: REPORT_OPTIONS, allowPositionals: false });
      const directory = resolve(values.dir);
      return await reportRun(directory, values.report ?? join(directory, "report.html"), values.json);
    },
  },
  compare: {
    help: `Usage: node examples/run_stability_test.ts compare BEFORE AFTER [options]

What changed from one run to another, given by their directories, and what of that is more than chance: latencies,
messages without a reply, memory, emotions, recoveries, findings. Every change comes with its 99.9 % interval. Runs of
other loads, faults or lengths are refused.

  --all                   shows also what too little was seen of
${JSON_OPTION}

Exit code: 0 nothing is worse by more than chance, 1 could not be compared, 2 something is, 3 something was found that
was not there before, and may have come by chance.`,
    run: async (args) => {
      const { values, positionals } = parseArgs({
        args: [...args],
        options: COMPARE_OPTIONS,
        allowPositionals: true,
      });
      return await compareDirectories(positionals, values);
    },
  },
};

const HELP = `Usage: node examples/run_stability_test.ts COMMAND [options]

  run      seven days of a companion's life, in this process
  start    the same in a process of its own
  stop     end a run that runs, with a checkpoint and a result
  status   how far it is, and what it found so far
  report   write its report, also while it runs and after it died
  compare  what changed between two runs

  COMMAND --help tells the options. ${EXIT_CODES}`;

const DIRECTORY_OPTIONS = {
  dir: { type: "string", default: DEFAULT_DIRECTORY },
  json: { type: "boolean", default: false },
} as const satisfies ParseArgsOptionsConfig;

const REPORT_OPTIONS = {
  ...DIRECTORY_OPTIONS,
  report: { type: "string" },
} as const satisfies ParseArgsOptionsConfig;

const COMPARE_OPTIONS = {
  all: { type: "boolean", default: false },
  json: { type: "boolean", default: false },
} as const satisfies ParseArgsOptionsConfig;

function parseDirectory(args: readonly string[]): { readonly directory: string; readonly json: boolean } {
  const { values } = parseArgs({ args: [...args], options: DIRECTORY_OPTIONS, allowPositionals: false });
  return { directory: resolve(values.dir), json: values.json };
}

async function main([name = "--help", ...args]: readonly string[]): Promise<number> {
  const command = COMMANDS[name];
  if (name === "--help" || args.includes("--help")) {
    console.log(command?.help ?? HELP);
    return 0;
  }
  if (!command) {
    const names = Object.keys(COMMANDS).join(", ");
    throw new TypeError(`Cannot run stability test: the command must be one of ${names}, got ${name}`);
  }
  return await command.run(args);
}

try {
  // what a companion left behind, such as a timer, must not keep it
  process.exit(await main(process.argv.slice(2)));
} catch (error) {
  // the first sentence of Node's own messages on arguments says all
  console.error((error instanceof Error ? error.message : String(error)).split(". To specify")[0]);
  process.exit(1);
}
