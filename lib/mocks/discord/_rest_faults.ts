import type { DiscordFault, DiscordRestFault, RestFaultTarget } from "./discord_faults.ts";

/** Whether a fault is one of the REST API. */
export function isRestFault(fault: DiscordFault): fault is DiscordRestFault {
  return fault.kind.startsWith("rest-");
}

/** Whether a fault is about a request. */
export function isAbout({ route }: RestFaultTarget, method: string, path: string): boolean {
  if (route === undefined) return true;
  if (route instanceof RegExp) return `${method} ${path}`.search(route) >= 0; // unlike `test`, whatever its flags
  const [, wanted, pattern = ""] = /^(?:([A-Za-z]+)\s+)?(\S*)$/.exec(route.trim()) ?? [];
  if (wanted !== undefined && wanted.toUpperCase() !== method) return false;
  const expected = pattern.split("/");
  const actual = path.split("/");
  const isSame = (part: string, index: number): boolean => part.startsWith(":") || part === actual[index];
  return expected.length === actual.length && expected.every(isSame);
}
