import type { SeededRandom } from "../../base/random.ts";

/** What is read of a JSON schema. */
interface Schema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly prefixItems?: readonly Schema[];
  readonly minItems?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly multipleOf?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly format?: string;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Schema>>;
  readonly definitions?: Readonly<Record<string, Schema>>;
}

const FORMATS: Readonly<Record<string, string>> = {
  date: "2026-01-01",
  "date-time": "2026-01-01T00:00:00Z",
  time: "00:00:00Z",
  email: "demi@example.com",
  uri: "https://example.com/",
  uuid: "123e4567-e89b-42d3-a456-426614174000",
  ipv4: "192.0.2.1",
};
const MAX_DEPTH = 12;

/** A value that conforms to a JSON schema; texts are taken from `text`. */
export function schemaValue(schema: unknown, text: string, random: SeededRandom): unknown {
  return make(schema as Schema, 0);

  function make(given: Schema, depth: number): unknown {
    const each = resolve(given);
    if (each.const !== undefined) return each.const;
    if (each.enum) return random.pick(each.enum);
    const options = each.anyOf ?? each.oneOf;
    if (options) return make({ ...each, anyOf: [], oneOf: [], ...options[0] }, depth + 1);
    if (each.allOf) return make(each.allOf.map(resolve).reduce<Schema>(merge, {}), depth + 1);
    const type = typeof each.type === "string" ? each.type : (each.type?.[0] ?? guessType(each));
    switch (type) {
      case "object":
        return makeObject(each, depth);
      case "array":
        return makeArray(each, depth);
      case "integer":
        return makeNumber(each, each.multipleOf ?? 1);
      case "number":
        return makeNumber(each, each.multipleOf);
      case "boolean":
        return random.chance(0.5);
      case "null":
        return null;
      default:
        return makeText(each);
    }
  }

  function makeObject({ properties = {}, required = [] }: Schema, depth: number): object {
    const names = Object.keys(properties).filter((name) => depth < MAX_DEPTH || required.includes(name));
    const missing = required.filter((name) => !(name in properties));
    return Object.fromEntries([
      ...names.map((name) => [name, make(properties[name]!, depth + 1)] as const),
      ...missing.map((name) => [name, text] as const),
    ]);
  }

  function makeArray({ items = {}, prefixItems = [], minItems = 0 }: Schema, depth: number): unknown[] {
    if (depth >= MAX_DEPTH && minItems === 0) return [];
    const first = prefixItems.map((item) => make(item, depth + 1));
    const wanted = Math.max(minItems - first.length, prefixItems.length > 0 ? 0 : 1);
    return [...first, ...Array.from({ length: wanted }, () => make(items, depth + 1))];
  }

  function makeNumber(limits: Schema, step: number | undefined): number {
    const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = limits;
    const unit = step ?? 0.001;
    const low = exclusiveMinimum === undefined ? (minimum ?? 0) : exclusiveMinimum + unit;
    const high = exclusiveMaximum === undefined ? (maximum ?? Math.max(low, 100)) : exclusiveMaximum - unit;
    if (step === undefined) return low + (high - low) * random.next();
    const [first, last] = [Math.ceil(low / step), Math.floor(high / step)];
    return random.integer(first, Math.max(first, last)) * step;
  }

  function makeText({ format, minLength = 0, maxLength = Infinity }: Schema): string {
    const value = (format && FORMATS[format]) ?? text;
    return value.padEnd(minLength, ".").slice(0, maxLength);
  }

  function resolve(given: Schema): Schema {
    const name = given.$ref?.split("/").at(-1);
    const root = schema as Schema;
    const found = name === undefined ? undefined : (root.$defs ?? root.definitions)?.[name];
    return found ? resolve(found) : given;
  }
}

function merge(a: Schema, b: Schema): Schema {
  return {
    ...a,
    ...b,
    properties: { ...a.properties, ...b.properties },
    required: [...(a.required ?? []), ...(b.required ?? [])],
  };
}

function guessType({ properties, items, prefixItems, minimum, maximum }: Schema): string {
  if (properties) return "object";
  if (items || prefixItems) return "array";
  return minimum !== undefined || maximum !== undefined ? "number" : "string";
}
