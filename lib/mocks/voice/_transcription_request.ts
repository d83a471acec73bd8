import { badParameter, missingParameter, OpenAiError } from "./_openai_error.ts";

const FORMATS = ["json", "text", "srt", "verbose_json", "vtt"] as const;

/** How a transcript is given. */
export type TranscriptFormat = (typeof FORMATS)[number];

/** A request for a transcription, checked. */
export interface TranscriptionRequest {
  readonly file: Uint8Array;
  readonly fileName: string;
  readonly model: string;
  readonly format: TranscriptFormat;
  readonly language: string | undefined;
  readonly streams: boolean;
  readonly granularities: readonly string[];
}

/**
 * The fields of a multipart body.
 *
 * @throws {OpenAiError} With 400 if it is none, or a field is not what it must be.
 */
export async function parseTranscription(
  contentType: string | undefined,
  body: Buffer,
): Promise<TranscriptionRequest> {
  const form = await parseForm(contentType, body);
  const file = form.get("file");
  if (!(file instanceof File)) throw missingParameter("file");
  const model = textOf(form, "model");
  if (!model) throw new OpenAiError(400, "you must provide a model parameter");
  const format = parseFormat(model, textOf(form, "response_format") ?? "json");
  const temperature = Number(textOf(form, "temperature") ?? 0);
  if (!(temperature >= 0 && temperature <= 1)) {
    throw badParameter("temperature", "Invalid 'temperature': it must be between 0 and 1.");
  }
  return {
    file: new Uint8Array(await file.arrayBuffer()),
    fileName: file.name,
    model,
    format,
    language: textOf(form, "language"),
    streams: /^(true|1)$/i.test(textOf(form, "stream") ?? ""),
    granularities: parseGranularities(form),
  };
}

async function parseForm(contentType: string | undefined, body: Buffer): Promise<FormData> {
  if (!contentType?.toLowerCase().startsWith("multipart/form-data")) {
    const given = contentType === undefined ? "none" : contentType.slice(0, 100);
    throw new OpenAiError(400, `Invalid Content-Type header (${given}), expected multipart/form-data.`, {
      isMalformed: true,
    });
  }
  try {
    const bytes = new Uint8Array(body); // of a buffer of its own
    return await new Response(bytes, { headers: { "content-type": contentType } }).formData();
  } catch {
    throw new OpenAiError(400, "Could not parse multipart form", { isMalformed: true });
  }
}

function textOf(form: FormData, name: string): string | undefined {
  const value = form.get(name);
  return typeof value === "string" && value !== "" ? value : undefined;
}

function parseFormat(model: string, format: string): TranscriptFormat {
  const known = FORMATS.find((each) => each === format);
  if (known === undefined) {
    const message = `Invalid value: '${format.slice(0, 40)}'. Supported values are: ${FORMATS.join(", ")}.`;
    throw badParameter("response_format", message, "unsupported_value");
  }
  const isNew = model.startsWith("gpt-4o"); // they know no times
  if (isNew && known !== "json" && known !== "text") {
    const message = `response_format '${known}' is not compatible with model '${model}'. Use 'json' or 'text' instead.`;
    throw badParameter("response_format", message, "unsupported_value");
  }
  return known;
}

// Some clients write the name with brackets, some without; some put all values into one, with commas.
function parseGranularities(form: FormData): readonly string[] {
  const values = [...form.getAll("timestamp_granularities[]"), ...form.getAll("timestamp_granularities")];
  const given = values.flatMap((value) => (typeof value === "string" ? value.split(",") : []));
  const bad = given.find((value) => value !== "word" && value !== "segment");
  if (bad === undefined) return given.length > 0 ? given : ["segment"];
  throw badParameter(
    "timestamp_granularities",
    `Invalid value: '${bad.slice(0, 40)}'. Supported values are: word, segment.`,
  );
}
