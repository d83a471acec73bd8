import { createHash } from "node:crypto";

/** A request and its answer, as a line of a recording. */
export interface RecordedExchange {
  readonly method: string;
  readonly path: string;
  /** Of the body without its secrets, in base64. */
  readonly bodyHash: string;
  /** The body without its secrets, so that people see what was asked. */
  readonly body: string;
  readonly status: number;
  readonly contentType: string;
  readonly chunks: readonly { readonly afterMs: number; readonly text: string }[];
}

const SECRETS: readonly (readonly [RegExp, string])[] = [
  [/\b(Bearer|Bot|Basic)\s+[\w.~+/=-]{8,}/gi, "$1 [secret]"],
  [/\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g, "[secret]"],
  [/\b(sk|pk|rk|ghp|gho|ghs|xox[abpr]|hf|AKIA)[-_]?[A-Za-z0-9_-]{16,}/g, "[secret]"],
  [/\b[\w-]{24,28}\.[\w-]{6}\.[\w-]{27,}/g, "[secret]"],
  [/("(?:[\w-]*(?:api[_-]?key|token|secret|password|authorization)[\w-]*)"\s*:\s*")[^"]*"/gi, '$1[secret]"'],
  [/(\/\/[^/\s:@"]+:)[^@\s/"]+@/g, "$1[secret]@"],
];

/** Text without tokens, keys and passwords, as far as they can be told by their form or name. */
export function scrubSecrets(text: string): string {
  return SECRETS.reduce((clean, [pattern, replacement]) => clean.replace(pattern, replacement), text);
}

/** What makes two requests the same: their fields, in whatever order, without secrets. */
export function hashBody(body: string): string {
  const clean = scrubSecrets(body);
  let canonical = clean;
  try {
    canonical = JSON.stringify(sortKeys(JSON.parse(clean)));
  } catch {
    // no JSON: as it is
  }
  return createHash("sha256").update(canonical).digest("base64");
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, each]) => [name, sortKeys(each)]));
}
