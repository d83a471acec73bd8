import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../base/clock.ts";
import type { FoundViolation, ViolationLog } from "../mocks/violations.ts";

/** Something that must not be in a log. */
export interface Secret {
  /** What it is, such as `token of the Discord bot`. */
  readonly name: string;
  readonly value: string;
}

/** Options of {@linkcode SecretWatch}. */
export interface SecretWatchOptions {
  /** Where the companion keeps what it has, log files too. */
  readonly directory: string;
  /** What the companion wrote to its console. */
  readonly lines: () => readonly string[];
  readonly violations: ViolationLog;
  readonly clock: Clock;
}

const LOG_NAMES = /\.(log|txt|out|err|jsonl?|ndjson)(\.\d+)?$/i;
const MAX_LOG_BYTES = 8 * 1024 * 1024;
const CONSOLE = "what the companion writes to its console";

/** Looks for secrets in what a companion logs. Each is told once a place, however often it is looked for. */
export class SecretWatch {
  readonly #options: SecretWatchOptions;
  readonly #told = new Set<string>();

  constructor(options: SecretWatchOptions) {
    this.#options = options;
  }

  async look(secrets: readonly Secret[]): Promise<void> {
    const { directory, lines } = this.#options;
    this.#find(CONSOLE, lines(), secrets);
    for (const [name, text] of await readLogs(directory)) this.#find(name, text.split("\n"), secrets);
  }

  #find(where: string, lines: readonly string[], secrets: readonly Secret[]): void {
    for (const { name, value } of secrets) {
      const key = `${name} in ${where}`;
      if (this.#told.has(key)) continue;
      const index = lines.findIndex((line) => line.includes(value));
      if (index < 0) continue;
      this.#told.add(key);
      const line = redact(lines[index]!, secrets).slice(0, 120);
      this.#options.violations.record({
        rule: "secret-in-log",
        subject: name,
        message: `The ${name} is in ${where}; a log must not have it`,
        evidence: [{ at: this.#options.clock.now(), what: `line ${index + 1} of ${where}: ${line}` }],
      } satisfies FoundViolation);
    }
  }
}

/** `text` without the secrets in it. */
export function redact(text: string, secrets: readonly Secret[]): string {
  return secrets.reduce((line, { value }) => line.replaceAll(value, "[secret]"), text);
}

/** Log files below the directory with what is in them. A file that cannot be read says nothing. */
async function readLogs(directory: string): Promise<readonly (readonly [string, string])[]> {
  const names = await readdir(directory, { recursive: true }).catch(() => []);
  const read = async (name: string): Promise<readonly [string, string]> => {
    const path = join(directory, name);
    const { size } = await stat(path);
    return [name, size <= MAX_LOG_BYTES ? await readFile(path, "utf8") : ""];
  };
  const logs = await Promise.allSettled(names.filter((name) => LOG_NAMES.test(name)).map(read));
  return logs.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
}
