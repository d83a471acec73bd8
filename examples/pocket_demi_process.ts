import { fileURLToPath } from "node:url";
import { processCompanion } from "../lib/harness/process_companion.ts";
import type { CompanionFactory } from "../lib/harness/companion.ts";

const MAIN = fileURLToPath(new URL("demi/main.ts", import.meta.url));

/** Makes a pocket Demi that will be a process of her own, on virtual time or real time as her environment wants. */
export const pocketDemiProcess: CompanionFactory = processCompanion({
  command: process.execPath,
  args: [
    MAIN,
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
