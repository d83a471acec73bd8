import type { Context } from "hono";
import { RestError } from "./_rest_errors.ts";

const MAX_BODY_BYTES = 25 * 1024 * 1024;

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
  const type = c.req.header("content-type") ?? "";
  const bytes = await readBytes(c.req.raw.body);
  if (!/^multipart\/form-data\b/i.test(type)) {
    return { fields: parseFields(new TextDecoder().decode(bytes)), files: [] };
  }
  const form = await readForm(bytes, type);
  const payload = form.get("payload_json");
  const files = [...form.values()].filter((value) => value instanceof File);
  if (typeof payload === "string") return { fields: parseFields(payload), files };
  return { fields: Object.fromEntries([...form].filter(([, value]) => typeof value === "string")), files };
}

// Hono's own limit needs the adapter to replace the host's global Request, which a library must not do.
async function readBytes(body: ReadableStream<Uint8Array> | null): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body ?? []) {
    length += chunk.length;
    if (length > MAX_BODY_BYTES) throw new RestError("tooLarge");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function readForm(bytes: Uint8Array<ArrayBuffer>, type: string): Promise<FormData> {
  try {
    return await new Response(bytes, { headers: { "content-type": type } }).formData();
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
