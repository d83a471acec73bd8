// `start` and `stop`: a run in a process of its own that outlives this one and its terminal.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { systemClock } from "demi-health/base";
import { inspectRun } from "demi-health/stability";
import { isProcessAlive } from "../lib/store/lock_file.ts";
import { parseRunCommand } from "./_stability_options.ts";
import { runningAlready } from "./_stability_run.ts";

const SCRIPT = fileURLToPath(new URL("run_stability_test.ts", import.meta.url));
const STOP_MS = 7000; // the run gives itself five seconds
const LOOK_MS = 50;

/** Name of the file beside a run's directory that its output goes to. */
export function logOf(directory: string): string {
  return `${directory}.log`;
}

/** Starts a run, and returns once it is set up; its options are those of `run`. */
export async function startDetached(args: readonly string[]): Promise<number> {
  const { directory, json, resume } = await parseRunCommand(args);
  const before = await inspectRun(directory);
  if (before.pid !== undefined) throw runningAlready(directory, before.pid);
  await mkdir(join(directory, ".."), { recursive: true });
  const logPath = logOf(directory);
  await using log = await open(logPath, resume ? "a" : "w");
  const child = spawn(process.execPath, [SCRIPT, "run", ...args], {
    detached: true,
    stdio: ["ignore", log.fd, log.fd, "ipc"],
  });
  const interrupt = (): void => void child.kill("SIGTERM");
  process.once("SIGINT", interrupt);
  const isReady = await untilReady(child);
  process.off("SIGINT", interrupt);
  if (!isReady) {
    const reason = (await readFile(logPath, "utf8")).trim().split("\n").at(-1);
    throw new Error(
      reason || `Cannot start stability test: it ended with ${child.signalCode ?? child.exitCode}`,
    );
  }
  child.disconnect();
  child.unref();
  console.log(`Runs as process ${child.pid} in ${directory}; its output goes to ${logPath}`);
  if (json) console.log(JSON.stringify({ ok: true, pid: child.pid, directory, log: logPath }));
  return 0;
}

async function untilReady(child: ChildProcess): Promise<boolean> {
  const ready = once(child, "message").then(() => true);
  const ended = once(child, "exit").then(() => false);
  return await Promise.race([ready, ended]);
}

/** Ends the run in a directory, and returns once it has written what it saw. */
export async function stopRun(directory: string, json: boolean): Promise<number> {
  const { pid, status } = await inspectRun(directory);
  if (pid === undefined) {
    const how = status === "nothing" ? "there was never one" : `the last one has ${status}`;
    throw new Error(`Cannot stop stability test: one must run in ${directory}, got none: ${how}`);
  }
  process.kill(pid, "SIGTERM");
  const untilMs = systemClock.monotonicMs() + STOP_MS;
  while (await isProcessAlive(pid)) {
    if (systemClock.monotonicMs() >= untilMs) {
      throw new Error(
        `Cannot stop stability test: process ${pid} must end within ${STOP_MS / 1000} s, got one that runs`,
      );
    }
    await systemClock.sleep(LOOK_MS);
  }
  const { progress, results, status: after } = await inspectRun(directory);
  console.log(
    after === "stopped" || after === "finished"
      ? `Stopped; checkpoint ${progress?.checkpoint ?? "none"}, results in ${join(directory, "results.json")}`
      : "Ended before it could write results; it can go on from its last checkpoint",
  );
  if (json) {
    const checkpoint = progress?.checkpoint;
    console.log(
      JSON.stringify({ ok: true, directory, status: after, checkpoint, verdict: results?.outcome }),
    );
  }
  return 0;
}
