import type { Context } from "hono";
import { RestError } from "./_rest_errors.ts";

/** A request's body: its JSON, and the files of a multipart one. */
export interface RestBody {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly files: readonly File[];
}

/**
 * Body of a request, JSON or multipart with `payload_json`.
 *
 * @throws {RestError} If it is not readable.
 */
export async function readBody(c: Context): Promise<RestBody> {
  if (!/^multipart\/form-data\b/i.test(c.req.header("content-type") ?? "")) {
    return { fields: parseFields(await c.req.text()), files: [] };
  }
  const form = await readForm(c);
  const payload = form.get("payload_json");
  const files = [...form.values()].filter((value) => value instanceof File);
  if (typeof payload === "string") return { fields: parseFields(payload), files };
  return { fields: Object.fromEntries([...form].filter(([, value]) => typeof value === "string")), files };
}

async function readForm(c: Context): Promise<FormData> {
  try {
    return await c.req.formData();
  } catch {
    throw new RestError("invalidForm");
  }
}

function parseFields(text: string): Record<string, unknown> {
  if (text.trim() === "") return {};
  try {
    const fields: unknown = JSON.parse(text, keepSnowflake);
    if (typeof fields === "object" && fields !== null && !Array.isArray(fields)) return { ...fields };
  } catch {
    // said below
  }
  throw new RestError("invalidJson");
}

// Some clients send ids as numbers beyond 2^53; their digits are in the source text only.
function keepSnowflake(_key: string, value: unknown, context?: { source?: string }): unknown {
  const isLossy = typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value);
  return isLossy ? (context?.source ?? String(value)) : value;
}
