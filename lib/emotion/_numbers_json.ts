// This module is browser-safe.

// JSON has no NaN, no infinity and no undefined, and a state has all of them when its source is broken.
const MARK = "$value";
const KNOWN: ReadonlyMap<unknown, unknown> = new Map<unknown, unknown>([
  ["undefined", undefined],
  ["NaN", NaN],
  ["Infinity", Infinity],
  ["-Infinity", -Infinity],
]);

/** A copy of plain data that JSON does not change. */
export function toPlainJson(value: unknown): unknown {
  if (value === undefined || (typeof value === "number" && !Number.isFinite(value))) {
    return { [MARK]: String(value) };
  }
  if (Array.isArray(value)) return value.map(toPlainJson);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toPlainJson(item)]));
}

/** What {@linkcode toPlainJson} made it from. */
export function fromPlainJson(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(fromPlainJson);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value);
  if (entries.length === 1 && entries[0]![0] === MARK) return KNOWN.get(entries[0]![1]);
  return Object.fromEntries(entries.map(([key, item]) => [key, fromPlainJson(item)]));
}

/**
 * Where data has another shape than a template of the same kind; `undefined` where it has not. Lists that are empty in the
 * template and records without a key may hold anything: they grow.
 */
export function findShapeError(value: unknown, template: unknown, path = "state"): string | undefined {
  if (template === null || template === undefined) return undefined;
  if (typeof value !== typeof template || Array.isArray(value) !== Array.isArray(template)) return path;
  if (Array.isArray(template)) {
    const list = value as unknown[];
    if (template.length === 0) return undefined;
    if (list.length !== template.length) return path;
    return firstOf(list.map((item, i) => findShapeError(item, template[i], `${path}[${i}]`)));
  }
  if (typeof template !== "object") return undefined;
  if (value === null) return path;
  const record = value as Record<string, unknown>;
  return firstOf(
    Object.entries(template).map(([key, part]) => {
      if (key in record || part === undefined) return findShapeError(record[key], part, `${path}.${key}`);
      return `${path}.${key}`;
    }),
  );
}

function firstOf(errors: readonly (string | undefined)[]): string | undefined {
  return errors.find((error) => error !== undefined);
}
