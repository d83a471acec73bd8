import { RestError } from "./_rest_errors.ts";

type Fields = Readonly<Record<string, unknown>>;

interface FieldError {
  readonly code: string;
  readonly message: string;
}

interface ErrorTree {
  [field: string]: ErrorTree | FieldError[];
}

/** Limits of a text. */
export interface TextRule {
  readonly min?: number;
  readonly max: number;
  readonly isRequired?: boolean;
}

/**
 * Reads the fields of a form and gathers what is wrong with them, as Discord does: {@linkcode Form.check} throws one
 * error with all of it.
 */
export class Form {
  readonly #fields: Fields;
  readonly #path: readonly string[];
  readonly #errors: ErrorTree;

  constructor(fields: unknown, path: readonly string[] = [], errors: ErrorTree = {}) {
    const isObject = typeof fields === "object" && fields !== null;
    this.#fields = isObject ? (fields as Fields) : {};
    this.#path = path;
    this.#errors = errors;
    if (!isObject) this.#fail([], "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType");
  }

  /** All fields as they came. */
  get fields(): Fields {
    return this.#fields;
  }

  has(name: string): boolean {
    return this.#fields[name] !== undefined && this.#fields[name] !== null;
  }

  raw(name: string): unknown {
    return this.#fields[name];
  }

  /** A text; numbers and the like are written out, as Discord does. */
  text(name: string, rule: TextRule): string | undefined {
    const { min = 0, max, isRequired = false } = rule;
    const value = this.#fields[name];
    if (value === undefined || value === null) {
      if (isRequired) this.fail(name, "BASE_TYPE_REQUIRED", "This field is required");
      return undefined;
    }
    if (typeof value === "object") {
      this.fail(name, "STRING_TYPE_CONVERT", `Could not interpret "{}" as string.`);
      return undefined;
    }
    const text = String(value);
    if (text.length > max) this.fail(name, "BASE_TYPE_MAX_LENGTH", `Must be ${max} or fewer in length.`);
    if (text.length < min)
      this.fail(name, "BASE_TYPE_BAD_LENGTH", `Must be between ${min} and ${max} in length.`);
    return text;
  }

  integer(name: string, min: number, max: number): number | undefined {
    const value = this.#fields[name];
    if (value === undefined || value === null) return undefined;
    const number = typeof value === "string" && /^-?\d+$/.test(value) ? Number(value) : value;
    if (!Number.isInteger(number)) {
      this.fail(name, "NUMBER_TYPE_COERCE", `Value is not int.`);
      return undefined;
    }
    if ((number as number) < min || (number as number) > max) {
      this.fail(name, "NUMBER_TYPE_MAX", `int value should be between ${min} and ${max}.`);
    }
    return number as number;
  }

  boolean(name: string): boolean | undefined {
    const value = this.#fields[name];
    return value === undefined || value === null ? undefined : value === true || value === "true";
  }

  /** Ids of a list. */
  ids(name: string): string[] {
    return this.list(name, Number.MAX_SAFE_INTEGER).map(String);
  }

  list(name: string, max: number): readonly unknown[] {
    const value = this.#fields[name];
    if (value === undefined || value === null) return [];
    if (!Array.isArray(value)) {
      this.fail(name, "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType");
      return [];
    }
    if (value.length > max) this.fail(name, "BASE_TYPE_MAX_LENGTH", `Must be ${max} or fewer in length.`);
    return value.slice(0, max);
  }

  /** The forms in a list. */
  forms(name: string, max: number): Form[] {
    return this.list(name, max).map((each, index) => this.#inner(each, name, String(index)));
  }

  /** The form in a field, if there is one. */
  form(name: string): Form | undefined {
    return this.has(name) ? this.#inner(this.#fields[name], name) : undefined;
  }

  fail(name: string, code: string, message: string): void {
    this.#fail([name], code, message);
  }

  /** @throws {RestError} If anything was wrong so far. */
  check(): void {
    if (Object.keys(this.#errors).length > 0) throw new RestError("invalidForm", this.#errors);
  }

  #inner(fields: unknown, ...path: string[]): Form {
    return new Form(fields, [...this.#path, ...path], this.#errors);
  }

  #fail(path: readonly string[], code: string, message: string): void {
    let tree = this.#errors;
    for (const name of [...this.#path, ...path]) tree = (tree[name] ??= {}) as ErrorTree;
    ((tree["_errors"] ??= []) as FieldError[]).push({ code, message });
  }
}

/**
 * The error of one field.
 *
 * @param field Its name.
 */
export function invalidField(field: string, code: string, message: string): RestError {
  return new RestError("invalidForm", { [field]: { _errors: [{ code, message }] } });
}
