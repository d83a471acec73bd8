// Runs pocket Demi as a process of her own, until SIGINT or SIGTERM. Prints one line with her address.
import { parseArgs, type ParseArgsOptionsConfig } from "node:util";
import type { Clock } from "../../lib/base/clock.ts";
import { systemClock } from "../../lib/base/system_clock.ts";
import { VirtualClock } from "../../lib/base/virtual_clock.ts";
import type { EmotionalState } from "../../lib/emotion/emotional_state.ts";
import type { CompanionEnvironment } from "../../lib/harness/companion.ts";
import type { TimeControl } from "./control_routes.ts";
import { EMOTIONS } from "./emotions.ts";
import { LEAK_NAMES, type LeakName } from "./leaks.ts";
import { PocketDemi } from "./pocket_demi.ts";

const HELP = `Usage: node examples/demi/main.ts [options]

Runs pocket Demi: she talks on Discord, over an Android interface and in a voice room, and thinks with Ollama. All she
knows is in her data directory. What she is given no address or token of, she lives without.

  --data-dir DIR        where she keeps what she knows (default .demi)
  --host ADDR           address to listen on (default 127.0.0.1)
  --port N              port to listen on (default 8081; 0 takes a free one)
  --discord-token TOKEN token of the Discord bot
  --discord-api URL     address of Discord's REST interface (default https://discord.com/api)
  --voice-url URL       address of speech routes and voice room, such as http://127.0.0.1:8000/v1
  --voice-token TOKEN   token for both
  --ollama-url URL      address of Ollama, such as http://127.0.0.1:11434
  --model NAME          model to ask (default llama3.2)
  --initial-emotions JSON  feelings to begin with, where her data directory has none
  --virtual-time        her time passes only by POST /api/test/advance, for tests; with --control-token
  --start-time MS       first moment of virtual time, in epoch milliseconds
  --control-token TOKEN what that route wants to see
  --leak NAME           loses memory with every message, to see how it is found: history, listener, timer, closure,
                        buffer or log
  --help                this text

Exit code: 0 stopped by a signal, 1 could not run.`;

const OPTIONS = {
  "data-dir": { type: "string", default: ".demi" },
  host: { type: "string", default: "127.0.0.1" },
  port: { type: "string", default: "8081" },
  "discord-token": { type: "string" },
  "discord-api": { type: "string", default: "https://discord.com/api" },
  "voice-url": { type: "string" },
  "voice-token": { type: "string", default: "" },
  "ollama-url": { type: "string" },
  model: { type: "string", default: "llama3.2" },
  "initial-emotions": { type: "string" },
  "virtual-time": { type: "boolean", default: false },
  "start-time": { type: "string" },
  "control-token": { type: "string" },
  leak: { type: "string" },
  help: { type: "boolean", default: false },
} as const satisfies ParseArgsOptionsConfig;

/** What the arguments ask for. */
interface Asked {
  readonly env: CompanionEnvironment;
  readonly control: TimeControl | undefined;
  readonly leak: LeakName | undefined;
}

/** What the arguments ask for, or `undefined` for `--help`. */
function parseArguments(args: readonly string[]): Asked | undefined {
  const { values } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: false });
  if (values.help) return undefined;
  const { host, port, model } = values;
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) {
    throw new RangeError(`Cannot start: '--port' must be a number from 0 to 65535, got ${port}`);
  }
  const { "discord-token": token, "discord-api": apiUrl, "ollama-url": url } = values;
  const { "voice-url": voiceUrl, "voice-token": voiceToken } = values;
  if (url !== undefined) checkUrl("--ollama-url", url);
  if (voiceUrl !== undefined) checkUrl("--voice-url", voiceUrl);
  checkUrl("--discord-api", apiUrl);
  const { clock, control } = parseTime(values);
  const initialEmotions = values["initial-emotions"];
  const env: CompanionEnvironment = {
    dataDirectory: values["data-dir"],
    clock,
    listen: { host, port: Number(port) },
    discord: token === undefined ? undefined : { apiUrl, token },
    ollama: url === undefined ? undefined : { url, model },
    voice: voiceUrl === undefined ? undefined : { url: voiceUrl.replace(/\/+$/, ""), token: voiceToken },
    initialEmotions: initialEmotions === undefined ? undefined : parseFeelings(initialEmotions),
  };
  return { env, control, leak: parseLeak(values.leak) };
}

function parseTime(values: {
  readonly "virtual-time": boolean;
  readonly "start-time"?: string | undefined;
  readonly "control-token"?: string | undefined;
}): { readonly clock: Clock; readonly control: TimeControl | undefined } {
  const { "virtual-time": isVirtual, "start-time": start, "control-token": token } = values;
  if (!isVirtual) return { clock: systemClock, control: undefined };
  if (!token)
    throw new TypeError("Cannot start: '--control-token' must be given with --virtual-time, got none");
  const clock = new VirtualClock(start === undefined ? {} : { startMs: Number(start) });
  return { clock, control: { token, advance: (durationMs) => clock.advance(durationMs) } };
}

function parseLeak(name: string | undefined): LeakName | undefined {
  const known = LEAK_NAMES.find((each) => each === name);
  if (name === undefined || known) return known;
  throw new TypeError(`Cannot start: '--leak' must be one of ${LEAK_NAMES.join(", ")}, got ${name}`);
}

function parseFeelings(json: string): EmotionalState {
  const given = JSON.parse(json) as Partial<EmotionalState>;
  const isWhole = EMOTIONS.every((name) => given[name]! >= 0 && given[name]! <= 1);
  if (isWhole && given.momentum) return given as EmotionalState;
  throw new TypeError(
    `Cannot start: '--initial-emotions' must have nine numbers in [0, 1] and momentum, got ${json}`,
  );
}

function checkUrl(name: string, value: string): void {
  if (/^https?:$/.test(URL.parse(value)?.protocol ?? "")) return;
  throw new TypeError(`Cannot start: '${name}' must be an http address, got ${value}`);
}

async function run(): Promise<void> {
  const asked = parseArguments(process.argv.slice(2));
  if (asked === undefined) return console.log(HELP);
  const { env, control, leak } = asked;
  const demi = new PocketDemi(control, leak);
  const stop = (): void => {
    demi.stop().catch(fail);
  };
  process.once("SIGINT", stop).once("SIGTERM", stop);
  await demi.start(env);
  console.log(`Pocket Demi listens on ${demi.url}`);
}

function fail(error: unknown): void {
  // the first sentence of Node's own messages says all; what follows are hints on how to pass positionals
  const message = error instanceof Error ? error.message : String(error);
  console.error(message.split(". To specify")[0]);
  process.exitCode = 1;
}

run().catch(fail);
