import type { IncomingMessage } from "node:http";
import { RestError } from "./_rest_errors.ts";
import type { RestRequest } from "./_rest_router.ts";

const MAX_BODY_BYTES = 25 * 1024 * 1024;
const MAX_DEPTH = 64;

/** A file of a multipart request. */
export interface UploadedFile {
  /** Number in its field's name, `files[n]`, or its position. */
  readonly index: number;
  readonly name: string;
  readonly type: string;
  readonly bytes: Buffer;
}

/** A request's body: its JSON object, and the files of a multipart one. */
export interface RestBody {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly files: readonly UploadedFile[];
}

/** Bytes of a request, or `undefined` if they are too many; those are read to their end and not kept. */
export async function readBytes(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_BODY_BYTES) chunks.length = 0;
    else chunks.push(chunk);
  }
  return length > MAX_BODY_BYTES ? undefined : Buffer.concat(chunks);
}

/**
 * Body of a request, JSON or multipart with `payload_json`.
 *
 * @throws {RestError} If it is not readable.
 */
export async function readBody({ headers, bytes }: RestRequest): Promise<RestBody> {
  const type = headers["content-type"] ?? "";
  if (!/^multipart\/form-data\b/i.test(type)) return { fields: toFields(parseJson(bytes)), files: [] };
  const form = await readForm(bytes, type);
  const payload = form.get("payload_json");
  const uploads = [...form].flatMap(([name, file], position) =>
    file instanceof File && name !== "payload_json" ? toUpload(indexOf(name, position), file) : [],
  );
  const files = await Promise.all(uploads);
  if (payload !== null) {
    const text = typeof payload === "string" ? payload : await payload.text();
    return { fields: toFields(parseJson(Buffer.from(text))), files };
  }
  return { fields: Object.fromEntries([...form].filter(([, value]) => typeof value === "string")), files };
}

/**
 * JSON of a request; nothing at all is `undefined`.
 *
 * @throws {RestError} If it is no JSON.
 */
export function readJson({ bytes }: RestRequest): unknown {
  return parseJson(bytes);
}

async function readForm(bytes: Buffer, type: string): Promise<FormData> {
  try {
    const body = new Uint8Array(bytes);
    return await new Response(body, { headers: { "content-type": type } }).formData();
  } catch {
    throw new RestError("invalidForm");
  }
}

async function toUpload(index: number, file: File): Promise<UploadedFile> {
  const bytes = Buffer.from(await file.arrayBuffer());
  return { index, name: file.name, type: file.type, bytes };
}

function indexOf(name: string, position: number): number {
  const [, digits] = /^files?\[?(\d+)\]?$/.exec(name) ?? [];
  return digits === undefined ? position : Number(digits);
}

function toFields(json: unknown): Record<string, unknown> {
  if (json === undefined) return {};
  if (typeof json === "object" && json !== null && !Array.isArray(json)) return { ...json };
  const error = { code: "DICT_TYPE_CONVERT", message: "Only dictionaries may be used in a DictType" };
  throw new RestError("invalidForm", { _errors: [error] });
}

function parseJson(bytes: Buffer): unknown {
  const text = bytes.toString("utf8");
  if (text.trim() === "") return undefined;
  try {
    // Some clients send ids as numbers beyond 2^53, whose digits are in the source text only.
    const json: unknown = /\d{16}/.test(text) ? JSON.parse(text, keepSnowflake) : JSON.parse(text);
    if (isWithinDepth(json, MAX_DEPTH)) return json;
  } catch {
    // said below
  }
  throw new RestError("invalidJson");
}

function keepSnowflake(_key: string, value: unknown, context?: { source?: string }): unknown {
  const isLossy = typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value);
  return isLossy ? (context?.source ?? String(value)) : value;
}

// What is nested without bound would break whoever writes it again as JSON.
function isWithinDepth(value: unknown, depth: number): boolean {
  if (typeof value !== "object" || value === null) return true;
  return depth > 0 && Object.values(value).every((inner) => isWithinDepth(inner, depth - 1));
}
