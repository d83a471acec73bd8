import type { LoadPartSettings } from "./_load_part.ts";
import { resolvePattern } from "./_resolve_pattern.ts";
import type { LoadPlanOptions } from "./load_plan.ts";
import { DEFAULT_MESSAGE_MIX } from "./message_kinds.ts";

const REPLACED = ["pattern", "rate", "users"] as const;

/** @throws {RangeError} If a number or a name is out of its range. @throws {TypeError} If platforms are a list. */
export function toParts(options: LoadPlanOptions): readonly LoadPartSettings[] {
  const { mix = [options], platforms = { discord: 1, android: 1 }, kinds = DEFAULT_MESSAGE_MIX } = options;
  const { startMs = 0 } = options;
  if (!Number.isFinite(startMs)) {
    throw new RangeError(`Cannot plan load: 'startMs' must be finite, got ${startMs}`);
  }
  if (mix.length === 0)
    throw new RangeError("Cannot plan load: 'mix' must have at least one group, got none");
  const replaced = options.mix && REPLACED.find((name) => options[name] !== undefined);
  if (replaced) throw new RangeError(`Cannot plan load: '${replaced}' must be left out where 'mix' is given`);
  for (const { platforms: given } of [options, ...mix]) {
    if (!Array.isArray(given)) continue;
    throw new TypeError(
      `Cannot plan load: 'platforms' must be weights by name, such as { discord: 1 }, got ${JSON.stringify(given)}`,
    );
  }
  let numbered = 0;
  return mix.map((part) => {
    const users = toUsers(part.users ?? 3, numbered);
    if (typeof part.users !== "object") numbered += users.length;
    const own = { platforms: part.platforms ?? platforms, kinds: part.kinds ?? kinds };
    return { pattern: resolvePattern(part.pattern ?? "casual", part.rate), users, ...own, startMs };
  });
}

function toUsers(users: number | readonly string[], before: number): readonly string[] {
  if (typeof users !== "number") {
    if (users.length > 0) return users;
    throw new RangeError("Cannot plan load: 'users' must have at least one name, got none");
  }
  if (!(Number.isSafeInteger(users) && users >= 1)) {
    throw new RangeError(`Cannot plan load: 'users' must be an integer >= 1, got ${users}`);
  }
  return Array.from({ length: users }, (_, index) => `user${before + index + 1}`);
}
