import { DeadlineError } from "../base/deadline.ts";
import { isPlatformUp, type PlatformHealth } from "../base/platform_health.ts";

const CALLS_SHOWN = 5;
const LINES_SHOWN = 5;

/** A message that nobody answered. */
export interface LonelyMessage {
  readonly platform: string;
  readonly user: string;
  /** Position among the messages of its environment, from 1. */
  readonly number: number;
}

/** What both ends know of it. */
export interface Circumstances {
  /** Health of all platforms; `undefined` where the companion does not say it. */
  readonly health: readonly PlatformHealth[] | undefined;
  /** Calls that each mock got, by its name. */
  readonly calls: Readonly<Record<string, Iterable<object> | undefined>>;
  /** What the companion wrote, without secrets. */
  readonly logLines: readonly string[];
}

/** A deadline that says what was seen on both ends. */
export class NoReplyError extends DeadlineError {
  override readonly name: string = "NoReplyError";

  constructor(message: LonelyMessage, timeoutMs: number, seen: Circumstances, cause: unknown) {
    const { platform, user, number } = message;
    super(`get a reply on ${platform} for '${user}' to message ${number}`, timeoutMs);
    const said = [describeHealth(platform, seen.health), ...describeCalls(seen.calls)];
    this.message += `; ${said.join("; ")}${describeLog(seen.logLines)}`;
    this.cause = cause;
  }
}

function describeHealth(platform: string, all: readonly PlatformHealth[] | undefined): string {
  const health = all?.find(({ name }) => name === platform);
  if (!health) return `the companion says nothing of ${platform}`;
  const { status, error } = health;
  const silent = isPlatformUp(status) ? " although it does not answer" : "";
  return `the companion says that ${platform} is ${status}${silent}${error === undefined ? "" : ` (${error})`}`;
}

function describeCalls(calls: Circumstances["calls"]): readonly string[] {
  return Object.entries(calls).flatMap(([name, log]) => {
    if (!log) return [];
    const last = [...log].slice(-CALLS_SHOWN).map(describeCall);
    return [last.length > 0 ? `last calls of ${name}: ${last.join(", ")}` : `no call of ${name}`];
  });
}

function describeCall(call: object): string {
  const { method, path, status, outcome, op, closeCode, kind } = call as Readonly<Record<string, unknown>>;
  const what = path === undefined ? [kind, op === undefined ? undefined : `op ${op}`] : [method, path];
  const ended = [status, outcome, closeCode === undefined ? undefined : `closed with ${closeCode}`];
  return [...what, ...ended].filter((part) => part !== undefined).join(" ");
}

function describeLog(lines: readonly string[]): string {
  const last = lines.slice(-LINES_SHOWN).map((line) => `\n    ${line}`);
  return last.length > 0 ? `; it wrote last:${last.join("")}` : "";
}
