import { fileURLToPath } from "node:url";
import { processCompanion } from "../lib/harness/process_companion.ts";
import type { CompanionFactory } from "../lib/harness/companion.ts";
import type { LeakName } from "./demi/leaks.ts";

const MAIN = fileURLToPath(new URL("demi/main.ts", import.meta.url));

/** What differs from an ordinary pocket Demi. */
export interface PocketDemiProcessOptions {
  /** Arguments of Node itself, such as `--inspect=127.0.0.1:0`. */
  readonly nodeArguments?: readonly string[];
  /** Environment variables beside those of this process. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** What she loses memory by. */
  readonly leak?: LeakName | undefined;
  /** Path of the program. @default that of pocket Demi herself */
  readonly main?: string | undefined;
}

/** Makes pocket Demis that will be processes of their own, on virtual time or real time as their environment wants. */
export function pocketDemiProcessWith(options: PocketDemiProcessOptions): CompanionFactory {
  const { nodeArguments = [], env, leak, main = MAIN } = options;
  return processCompanion({
    command: process.execPath,
    env,
    args: [
      ...nodeArguments,
      main,
      ...(leak === undefined ? [] : ["--leak", leak]),
      ["--data-dir", "{dataDirectory}"],
      ["--host", "{listen.host}", "--port", "{listen.port}"],
      ["--discord-token", "{discord.token}", "--discord-api", "{discord.apiUrl}"],
      ["--ollama-url", "{ollama.url}", "--model", "{ollama.model}"],
      ["--voice-url", "{voice.url}", "--voice-token", "{voice.token}"],
      ["--initial-emotions", "{initialEmotions}"],
      ["--virtual-time", "--start-time", "{startTime}", "--control-token", "{controlToken}"],
    ],
    ready: /^Pocket Demi listens on (\S+)/,
    endpoints: { advance: "/api/test/advance" },
  });
}

/** An ordinary pocket Demi as a process of her own. */
export const pocketDemiProcess: CompanionFactory = pocketDemiProcessWith({});
