// Shows a stability run live on a page: how far it is, what it found, which faults are on. Prints the page's address;
// Ctrl-C ends it, the run goes on.
import { once } from "node:events";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { Dashboard } from "demi-health";
import { DEFAULT_DIRECTORY } from "./_stability_options.ts";
import { RunFollower } from "./_run_follower.ts";

const HELP = `Usage: node examples/follow_run.ts [options]

Shows a stability run on a page while it runs, also one that died or is over.

  --dir DIR    where the run lives (default ${DEFAULT_DIRECTORY})
  --port N     of the page (default a free one)

Exit code: 0 when ended by Ctrl-C, 1 could not start.`;

try {
  const { values } = parseArgs({
    options: { dir: { type: "string" }, port: { type: "string" }, help: { type: "boolean", short: "h" } },
  });
  if (values.help) console.log(HELP);
  else await follow(resolve(values.dir ?? DEFAULT_DIRECTORY), Number(values.port ?? "0"));
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}

async function follow(directory: string, port: number): Promise<void> {
  await using source = await RunFollower.start(directory);
  const dashboard = new Dashboard({ source, port });
  await dashboard.start();
  console.log(`The run in ${directory} is at ${dashboard.url}`);
  await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
  await dashboard.stop();
}
