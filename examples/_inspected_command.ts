// Finds which process of a command is to be looked at: what it runs, and neither npm that starts it nor a helper that it starts.
import type { ChildProcess } from "node:child_process";
import { basename } from "node:path";
import { systemClock } from "demi-health/base";
import { InspectedProcess } from "demi-health/memory";

/** A process of the command, and the address of its inspector. */
export interface Inspected {
  readonly pid: number;
  readonly url: string;
}

interface Program {
  readonly pid: number;
  readonly script: string;
  readonly options: readonly string[];
}

const ANNOUNCED = /^Debugger listening on (ws:\/\/\S+)\r?\n/gm;
const INSPECTOR_TALK =
  /^(?:Debugger (?:listening|ending) on ws:.*|Debugger attached\.|Waiting for the debugger to disconnect\.\.\.|For help, see: https:\/\/nodejs\.org\/.*debugging)\r?\n/gm;
const LAUNCHERS =
  /^(?:npm|npx|npm-cli|npx-cli|pnpm|pnpx|yarn|yarnpkg|corepack|tsx|nodemon|cross-env|dotenv|env-cmd)(?:\.[cm]?js)?$/;
const READ_PROGRAM = "({ pid: process.pid, script: process.argv[1] ?? '', options: process.execArgv })";
const FIRST_MS = 5000;
const LAUNCHED_MS = 15_000;

/**
 * The first process of a command that is Node and no launcher: one announces its inspector before what it starts does. Passes on
 * what else the command writes to standard error. Undefined where there is none for some seconds.
 */
export async function findInspected(child: ChildProcess): Promise<Inspected | undefined> {
  const urls: string[] = [];
  let tell = Promise.withResolvers<boolean>();
  let isOver = false;
  readTalk(child, (url) => {
    urls.push(url);
    tell.resolve(true);
  });
  const stop = (): void => {
    isOver = true;
    tell.resolve(false);
  };
  child.once("exit", stop);
  let timer = systemClock.setTimer(stop, FIRST_MS);
  try {
    for (;;) {
      const url = urls.shift();
      if (url !== undefined) {
        const program = await readProgram(url);
        if (program && !isLauncher(program)) return { pid: program.pid, url };
        timer.cancel();
        timer = systemClock.setTimer(stop, LAUNCHED_MS);
      } else if (isOver) {
        return undefined;
      } else {
        await tell.promise;
        tell = Promise.withResolvers<boolean>();
        if (isOver) tell.resolve(false);
      }
    }
  } finally {
    timer.cancel();
    child.off("exit", stop);
  }
}

function readTalk(child: ChildProcess, announce: (url: string) => void): void {
  let rest = "";
  const pass = (text: string): void => {
    for (const [, url = ""] of text.matchAll(ANNOUNCED)) announce(url);
    process.stderr.write(text.replaceAll(INSPECTOR_TALK, ""));
  };
  child.stderr!.on("data", (data: Buffer) => {
    const text = rest + String(data);
    // a line that the inspector may have begun is not passed on by halves
    const start = text.lastIndexOf("\n") + 1;
    const isTalk = /^(?:De|Wa|Fo)/.test(text.slice(start));
    rest = isTalk ? text.slice(start) : "";
    pass(isTalk ? text.slice(0, start) : text);
  });
  child.stderr!.on("end", () => pass(rest));
}

/** Undefined where it has ended meanwhile. */
async function readProgram(url: string): Promise<Program | undefined> {
  try {
    await using inspected = await InspectedProcess.attach({ url });
    return (await inspected.evaluate(READ_PROGRAM)) as Program;
  } catch {
    return undefined;
  }
}

function isLauncher({ script, options }: Program): boolean {
  return LAUNCHERS.test(basename(script)) || options.some((option) => option.startsWith("--watch"));
}
