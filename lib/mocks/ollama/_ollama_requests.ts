/** A message of a chat request, as far as the mock reads it. */
export interface ChatMessage {
  readonly role: string;
  readonly content: string;
  readonly images?: number | undefined;
}

/** A tool that the model may call. */
export interface ToolDefinition {
  readonly name: string;
  readonly description: string;
  /** JSON schema. */
  readonly parameters: unknown;
}

/** Which protocol asks, and for what. */
export type GenerationApi = "chat" | "generate" | "openai-chat" | "openai-completion";

/** A request for a reply of a model, checked. */
export interface GenerationRequest {
  readonly api: GenerationApi;
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  readonly stream: boolean;
  /** Most tokens that the reply may have. */
  readonly maxTokens: number;
  /** Texts that end the reply. */
  readonly stop: readonly string[];
  /** `json`, a JSON schema, or undefined for free text. */
  readonly format: unknown;
  /** Whether the model is to think aloud; undefined where nothing was said. */
  readonly think: boolean | undefined;
  readonly tools: readonly ToolDefinition[];
  /** Undefined where nothing was said; 0 unloads. */
  readonly keepAliveMs: number | undefined;
  /** Empty messages or prompt: only loads the model, or unloads it. */
  readonly loadOnly: boolean;
  /** Whether a stream of OpenAI's kind ends with its counts. */
  readonly includesUsage: boolean;
}

/** A failure as Ollama words it: `{"error": message}`, or OpenAI's object below `/v1`. */
export class OllamaError extends Error {
  override readonly name: string = "OllamaError";
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** The body of a request, as an object. */
export type Body = Readonly<Record<string, unknown>>;

/**
 * The JSON object of a request's body. Ollama does not look at its content type.
 *
 * @throws {OllamaError} With 400, in Ollama's words.
 */
export function parseBody(text: string): Body {
  if (text === "") throw new OllamaError(400, "missing request body");
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (error) {
    throw new OllamaError(400, error instanceof Error ? error.message : String(error));
  }
  if (typeof body === "object" && body !== null && !Array.isArray(body)) return { ...body };
  throw new OllamaError(400, "json: cannot unmarshal into Go value of type api.Request");
}

/** @throws {OllamaError} With 400 when no model is named. */
export function parseModel(body: Body): string {
  const model = body["model"] ?? body["name"];
  if (typeof model !== "string" || model === "") throw new OllamaError(400, "model is required");
  return model;
}

/** @throws {OllamaError} With 400 when something is not what it must be. */
export function parseChat(body: Body): GenerationRequest {
  const messages = body["messages"] ?? [];
  if (!Array.isArray(messages)) throw new OllamaError(400, "json: cannot unmarshal messages");
  return toRequest("chat", body, messages.map(parseMessage));
}

/** @throws {OllamaError} With 400 when something is not what it must be. */
export function parseGenerate(body: Body): GenerationRequest {
  const { prompt, system, images } = body;
  const messages: ChatMessage[] = [];
  if (typeof prompt === "string" && prompt !== "") {
    messages.push({ role: "user", content: prompt, images: Array.isArray(images) ? images.length : 0 });
  }
  if (typeof system === "string" && system !== "" && messages.length > 0) {
    messages.unshift({ role: "system", content: system });
  }
  return toRequest("generate", body, messages);
}

function toRequest(
  api: "chat" | "generate",
  body: Body,
  messages: readonly ChatMessage[],
): GenerationRequest {
  const options = isObject(body["options"]) ? body["options"] : {};
  const limit = options["num_predict"];
  const think = body["think"];
  return {
    api,
    model: parseModel(body),
    messages,
    stream: body["stream"] !== false,
    maxTokens: typeof limit === "number" && limit >= 0 ? limit : Infinity,
    stop: toTexts(options["stop"]),
    format: body["format"] === "" ? undefined : (body["format"] ?? undefined),
    think: typeof think === "string" ? true : typeof think === "boolean" ? think : undefined,
    tools: parseTools(body["tools"]),
    keepAliveMs: parseKeepAlive(body["keep_alive"]),
    loadOnly: messages.length === 0,
    includesUsage: false,
  };
}

/** One text or several. */
export function toTexts(input: unknown): readonly string[] {
  if (typeof input === "string") return [input];
  return Array.isArray(input) ? input.filter((each) => typeof each === "string") : [];
}

/** @throws {OllamaError} With 400 when a message is none. */
export function parseMessage(message: unknown): ChatMessage {
  const { role, content, images } = isObject(message) ? message : {};
  if (typeof role !== "string" || !["system", "user", "assistant", "tool", "developer"].includes(role)) {
    throw new OllamaError(
      400,
      `invalid role: ${JSON.stringify(role)}, must be one of [system user assistant tool]`,
    );
  }
  return {
    role: role === "developer" ? "system" : role,
    content: toContent(content),
    images: Array.isArray(images) ? images.length : 0,
  };
}

// OpenAI's clients send a list of parts as often as a text.
function toContent(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content
    .map((part) => (isObject(part) && typeof part["text"] === "string" ? part["text"] : ""))
    .join("");
}

/** Tools in the form that Ollama and OpenAI share; those that are not functions are left out. */
export function parseTools(input: unknown): readonly ToolDefinition[] {
  if (!Array.isArray(input)) return [];
  return input.flatMap((tool) => {
    const definition = isObject(tool) && isObject(tool["function"]) ? tool["function"] : undefined;
    if (typeof definition?.["name"] !== "string") return [];
    const { name, description, parameters } = definition;
    return [{ name, description: typeof description === "string" ? description : "", parameters }];
  });
}

const UNITS: Readonly<Record<string, number>> = {
  h: 3_600_000,
  m: 60_000,
  s: 1000,
  ms: 1,
  us: 0.001,
  µs: 0.001,
  ns: 0.000_001,
};

/**
 * A time that a model stays in memory, in milliseconds: a number of seconds, or a text such as `1h30m`; a negative
 * one is forever.
 *
 * @throws {OllamaError} With 400 for a text that is no duration.
 */
export function parseKeepAlive(input: unknown): number | undefined {
  if (input === undefined || input === null) return undefined;
  if (typeof input === "number") return input < 0 ? Infinity : input * 1000;
  const text = String(input);
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g)];
  const isWhole = parts.map(([part]) => part).join("") === text.replace(/^[+-]/, "");
  if (parts.length === 0 || !isWhole) {
    if (/^[+-]?\d+$/.test(text)) return Number(text) < 0 ? Infinity : Number(text) * 1000;
    throw new OllamaError(400, `time: invalid duration ${JSON.stringify(text)}`);
  }
  if (text.startsWith("-")) return Infinity;
  return parts.reduce((total, [, amount, unit]) => total + Number(amount) * UNITS[unit!]!, 0);
}

/** Whether a value is an object with names. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
