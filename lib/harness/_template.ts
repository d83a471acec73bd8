/** Values that a template may name, such as `discord.token`; an absent one is not there in this environment. */
export type TemplateValues = Readonly<Record<string, string | number | undefined>>;

/** A command-line argument, or several that belong together and are left out when a value that they name is absent. */
export type ArgumentTemplate = string | readonly string[];

/**
 * `template` with each `{name}` replaced by its value, or `undefined` if one of them is absent.
 *
 * @throws {RangeError} If a name is not one of `values`.
 */
export function fillTemplate(template: string, values: TemplateValues): string | undefined {
  let isWhole = true;
  const filled = template.replaceAll(/\{([a-zA-Z][\w.]*)\}/g, (_whole, name: string) => {
    if (!Object.hasOwn(values, name)) {
      const known = Object.keys(values).join(", ");
      throw new RangeError(`Cannot fill '${template}': a name must be one of ${known}, got ${name}`);
    }
    const value = values[name];
    if (value === undefined) isWhole = false;
    return String(value);
  });
  return isWhole ? filled : undefined;
}

/** Arguments of a command; those whose values are absent are left out. */
export function fillArguments(templates: readonly ArgumentTemplate[], values: TemplateValues): string[] {
  return templates.flatMap((template) => {
    const parts = typeof template === "string" ? [template] : template;
    const filled = parts.map((part) => fillTemplate(part, values));
    return filled.every((part) => part !== undefined) ? filled : [];
  });
}

/** Environment variables; those whose values are absent are left out. */
export function fillVariables(
  templates: Readonly<Record<string, string>>,
  values: TemplateValues,
): Record<string, string> {
  const filled = Object.entries(templates).map(([name, text]) => [name, fillTemplate(text, values)] as const);
  return Object.fromEntries(filled.filter((entry): entry is [string, string] => entry[1] !== undefined));
}
