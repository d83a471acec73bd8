// A companion lives on this machine while you watch it: simulated users talk to it over a mock Discord and an Android
// app, a mock Ollama streams its answers, and the page shows its emotions, memory, response times, platforms, alerts.
// Prints the page's address, then one line per event until Ctrl-C; then what has happened.
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseArgs, type ParseArgsOptionsConfig } from "node:util";
import { Dashboard, HealthMonitor, MemoryProfiler, MockDiscordServer, MockOllamaServer } from "demi-health";
import { formatDuration, SeededRandom, systemClock } from "demi-health/base";
import type { MemorySample } from "demi-health/memory";
import { LEAK_NAMES, type LeakName } from "./demi/leaks.ts";
import { PocketDemi } from "./demi/pocket_demi.ts";
import { SimulatedUsers } from "./_simulated_users.ts";

const HELP = `Usage: npm start -- [options]

Starts pocket Demi with mock Discord, mock Ollama and simulated users, and serves the health page.

  --port N        port of the page (default 8080; 0 takes a free one)
  --host ADDR     address to listen on (default 127.0.0.1)
  --seed TEXT     seed of the simulated users and of the language model (default 1)
  --data-dir DIR  where the companion and the metrics are kept (default .demi)
  --leak NAME     she loses memory with every message: history, listener, timer, closure, buffer or log; the page says
                  so after a quarter of an hour
  --no-users      nobody talks to the companion
  --quiet         no event lines
  --json          print the result as one line of JSON at the end
  --help          this text

Exit code: 0 ended by Ctrl-C, 1 could not run.`;

const OPTIONS = {
  port: { type: "string", default: "8080" },
  host: { type: "string", default: "127.0.0.1" },
  seed: { type: "string", default: "1" },
  "data-dir": { type: "string", default: ".demi" },
  leak: { type: "string" },
  users: { type: "boolean", default: true },
  quiet: { type: "boolean", default: false },
  json: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const satisfies ParseArgsOptionsConfig;

const OUTAGE_MS = 30_000;

function parseOptions() {
  const { values } = parseArgs({ options: OPTIONS, allowPositionals: false, allowNegative: true });
  const port = Number(values.port);
  if (!/^\d+$/.test(values.port) || port > 65_535) {
    throw new RangeError(`Cannot start: '--port' must be 0 to 65535, got ${values.port}`);
  }
  for (const name of ["host", "seed", "data-dir"] as const) {
    if (values[name] === "") throw new RangeError(`Cannot start: '--${name}' must not be empty`);
  }
  const leak = LEAK_NAMES.find((name) => name === values.leak);
  if (values.leak !== undefined && !leak) {
    throw new RangeError(
      `Cannot start: '--leak' must be one of ${LEAK_NAMES.join(", ")}, got ${values.leak}`,
    );
  }
  return { ...values, leak, port, dataDirectory: resolve(values["data-dir"]) };
}

type DemoOptions = ReturnType<typeof parseOptions>;

/** What has happened while the demo ran. */
interface DemoResult {
  readonly ok: true;
  readonly ranMs: number;
  readonly messagesSent: number;
  readonly alertsFired: readonly string[];
}

async function main(): Promise<void> {
  const options = parseOptions();
  if (options.help) return console.log(HELP);
  const result = await runDemo(options);
  const { ranMs, messagesSent, alertsFired } = result;
  console.log(
    options.json
      ? JSON.stringify(result)
      : `Ran ${formatDuration(ranMs)}, ${messagesSent} messages; alerts: ${alertsFired.join(", ") || "none"}`,
  );
}

async function runDemo(options: DemoOptions): Promise<DemoResult> {
  const { host, port, seed, dataDirectory } = options;
  const stopped = untilStopped(); // first: a signal while it starts must end it as one later does
  const random = new SeededRandom(seed);
  const say = (line: string): void => {
    if (!options.quiet) console.log(`${new Date().toLocaleTimeString()}  ${line}`);
  };
  const onError = (error: unknown): void => say(error instanceof Error ? error.message : String(error));

  await using running = new AsyncDisposableStack();
  const discord = running.use(await MockDiscordServer.listen());
  const ollama = running.use(await MockOllamaServer.listen({ random: random.stream("ollama") }));
  const profiler = running.use(
    new MemoryProfiler({
      onError,
      ...(options.leak ? { collectGarbage: true, samplingIntervalBytes: 16_384 } : {}),
    }),
  );
  profiler.start();
  const demi = new PocketDemi(undefined, options.leak);
  let awake = false;
  const monitor = await HealthMonitor.start({
    name: "Pocket Demi",
    storePath: join(dataDirectory, "health.sqlite"),
    emotions: () => (awake ? demi.emotions() : undefined),
    platforms: () => (awake ? demi.health() : []),
    growingSites: () => profiler.findSites(),
    // who plants a leak wants to see it today: garbage is collected before each sample
    ...(options.leak ? { leakMinHours: 0.25, memory: () => readMemory(profiler, options.leak) } : {}),
    onError,
  });
  running.use(monitor);
  const dashboard = new Dashboard({
    source: monitor,
    host,
    port,
    token: await readToken(join(dataDirectory, "token")),
    // its button breaks nothing but the demo's own mock; still, the network is not to have it
    pageCarriesToken: /^(127\.|localhost$|::1$)/.test(host),
    actions: [
      {
        id: "discord-outage",
        label: "Take Discord down",
        description: `The mock Discord drops everybody and refuses them for ${formatDuration(OUTAGE_MS)}`,
        run: () => {
          say(`Discord goes down for ${formatDuration(OUTAGE_MS)}`);
          discord.outage(OUTAGE_MS);
        },
      },
    ],
    onError,
  });
  running.use(dashboard);
  await dashboard.start(); // before the companion wakes: an occupied port must leave what she knows untouched
  running.defer(() => {
    awake = false;
    return demi.stop();
  });
  await demi.start({
    dataDirectory,
    clock: systemClock,
    discord: { apiUrl: discord.apiUrl, token: discord.token },
    ollama: { url: ollama.url, model: ollama.model },
    listen: { host: "127.0.0.1", port: 0 },
    observer: monitor,
  });
  awake = true;
  const users = new SimulatedUsers({
    discord,
    androidUrl: demi.url!, // there, because it was told to listen
    clock: systemClock,
    random: random.stream("users"),
    onError,
  });
  running.use(users);
  if (options.users) users.start();

  console.log(`Dashboard at: ${dashboard.url}`);
  console.log(`Token for its buttons: ${dashboard.token}`);
  console.log(`Companion at: ${demi.url}   data in: ${dataDirectory}   seed: ${seed}   stop with Ctrl-C`);
  const alerts = new Set<string>();
  monitor.subscribe((message) => {
    if (message.type !== "alert") return;
    const { rule, state, message: text, notified } = message.data;
    if (state === "firing") alerts.add(rule);
    if (notified === false) return; // within its cooldown: on the page, and no more
    if (state === "firing") say(`alert: ${text}`);
    if (state === "resolved") say(`alert is over: ${text}`);
  });
  const startedAt = systemClock.monotonicMs();
  await stopped;
  const ranMs = systemClock.monotonicMs() - startedAt;
  return { ok: true, ranMs: Math.round(ranMs), messagesSent: users.sent, alertsFired: [...alerts] };
}

/** Without buffers, unless it is they that leak: the mock servers here keep what was said to them, and that is not her leak. */
function readMemory(profiler: MemoryProfiler, leak: LeakName | undefined): Omit<MemorySample, "timestamp"> {
  const { heapUsedBytes, postGcBytes, uptimeSeconds, ...others } = profiler.sample();
  return leak === "buffer"
    ? { ...others, heapUsedBytes, postGcBytes, uptimeSeconds }
    : { heapUsedBytes, postGcBytes, uptimeSeconds };
}

/** The token of the demo's buttons: the same at every start, so that a page that stayed open still works. */
async function readToken(path: string): Promise<string> {
  const kept = await readFile(path, "utf8").catch(() => "");
  if (/^[\w-]{32}$/.test(kept)) return kept;
  const token = randomBytes(24).toString("base64url");
  await writeFile(path, token, { mode: 0o600 });
  return token;
}

const SAME_SIGNAL_MS = 500;
const STOP_PATIENCE_MS = 1_700;

/**
 * Resolves at the first Ctrl-C or SIGTERM, or when npm is gone. A second one, or a stop that takes longer than it should,
 * ends the process at once.
 */
function untilStopped(): Promise<void> {
  const { promise, resolve: stopped } = Promise.withResolvers<void>();
  let stoppingSince: number | undefined;
  const stop = (): void => {
    const now = systemClock.monotonicMs();
    if (stoppingSince === undefined) {
      stoppingSince = now;
      systemClock.setTimer(() => process.exit(0), STOP_PATIENCE_MS, { keepAlive: false });
      stopped();
    } else if (now - stoppingSince > SAME_SIGNAL_MS) process.exit(1); // sooner, it is the terminal's and npm's copy of one
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, stop);
  // npm does not pass every signal on: when it is gone, nobody is left to end this process
  const born = ancestors();
  const stopOrphan = (): void => {
    if (ancestors() !== born && stoppingSince === undefined) stop();
  };
  if (process.env["npm_lifecycle_event"]) systemClock.setRepeating(stopOrphan, 500, { keepAlive: false });
  return promise;
}

/** The process that started this one and, where the system tells, the one before: npm, behind its shell. */
function ancestors(): string {
  try {
    const stat = readFileSync(`/proc/${process.ppid}/stat`, "utf8");
    // a shell that is not npm's own helper would be that of the user, who may log out
    const isShell = /^\d+ \((sh|dash)\)/.test(stat);
    return isShell
      ? `${process.ppid} ${stat.slice(stat.lastIndexOf(")")).split(" ")[2]}`
      : String(process.ppid);
  } catch {
    return String(process.ppid);
  }
}

try {
  await main();
} catch (error) {
  // the first sentence of Node's own messages on arguments says all; the rest explains how to pass positionals
  console.error((error instanceof Error ? error.message : String(error)).split(". To specify")[0]);
  process.exitCode = 1;
}
