import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { FoundViolation } from "../mocks/violations.ts";

/** Something that must not be in a log. */
export interface Secret {
  /** What it is, such as `token of the Discord bot`. */
  readonly name: string;
  readonly value: string;
}

const LOG_NAMES = /\.(log|txt|out|err|jsonl?|ndjson)(\.\d+)?$/i;
const MAX_LOG_BYTES = 8 * 1024 * 1024;

/** Secrets in lines of a log, one violation each; the secret itself is not quoted. */
export function findSecrets(
  lines: readonly string[],
  where: string,
  secrets: readonly Secret[],
  at: number,
): readonly FoundViolation[] {
  return secrets.flatMap(({ name, value }) => {
    const index = lines.findIndex((line) => line.includes(value));
    if (index < 0) return [];
    const line = lines[index]!.replaceAll(value, "[secret]").slice(0, 120);
    const message = `The ${name} is in ${where}; a log must not have it`;
    return [
      {
        rule: "secret-in-log" as const,
        subject: name,
        message,
        evidence: [{ at, what: `line ${index + 1}: ${line}` }],
      },
    ];
  });
}

/** Secrets in log files below the data directory. A file that cannot be read says nothing. */
export async function findSecretsInFiles(
  directory: string,
  secrets: readonly Secret[],
  at: number,
): Promise<readonly FoundViolation[]> {
  const names = await readdir(directory, { recursive: true }).catch(() => []);
  const logs = names.filter((name) => LOG_NAMES.test(name));
  const found = await Promise.all(
    logs.map(async (name) => {
      const path = join(directory, name);
      try {
        if ((await stat(path)).size > MAX_LOG_BYTES) return [];
        return findSecrets((await readFile(path, "utf8")).split("\n"), name, secrets, at);
      } catch {
        return [];
      }
    }),
  );
  return found.flat();
}
