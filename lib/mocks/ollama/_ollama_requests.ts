/** A message of a chat request, as far as the mock reads it. */
export interface ChatMessage {
  readonly role: string;
  readonly content: string;
}

/** A chat or generate request, checked. */
export interface GenerationRequest {
  readonly api: "chat" | "generate";
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  readonly stream: boolean;
  /** Most tokens that the reply may have. */
  readonly maxTokens: number;
  /** Empty messages or prompt: only loads the model, or unloads it by `keep_alive: 0`. */
  readonly loadOnly: boolean;
  readonly unload: boolean;
}

/** A failure as Ollama words it: `{"error": message}`. */
export class OllamaError extends Error {
  override readonly name: string = "OllamaError";
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/**
 * The JSON object of a request's body. Ollama does not look at its content type.
 *
 * @throws {OllamaError} With 400, in Ollama's words.
 */
export function parseBody(text: string): Readonly<Record<string, unknown>> {
  if (text === "") throw new OllamaError(400, "missing request body");
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body === "object" && body !== null && !Array.isArray(body)) return { ...body };
  } catch (error) {
    throw new OllamaError(400, error instanceof Error ? error.message : String(error));
  }
  throw new OllamaError(400, "json: cannot unmarshal into Go value of type api.Request");
}

/** @throws {OllamaError} With 400 when no model is named. */
export function parseModel(body: Readonly<Record<string, unknown>>): string {
  const model = body["model"] ?? body["name"];
  if (typeof model !== "string" || model === "") throw new OllamaError(400, "model is required");
  return model;
}

/** @throws {OllamaError} With 400 when messages are not messages. */
export function parseChat(body: Readonly<Record<string, unknown>>): GenerationRequest {
  const messages = body["messages"] ?? [];
  if (!Array.isArray(messages)) throw new OllamaError(400, "json: cannot unmarshal messages");
  return toRequest("chat", body, messages.map(parseMessage));
}

/** @throws {OllamaError} With 400 when no model is named. */
export function parseGenerate(body: Readonly<Record<string, unknown>>): GenerationRequest {
  const { prompt, system } = body;
  const messages: ChatMessage[] = [];
  if (typeof prompt === "string" && prompt !== "") messages.push({ role: "user", content: prompt });
  if (typeof system === "string" && system !== "" && messages.length > 0) {
    messages.unshift({ role: "system", content: system });
  }
  return toRequest("generate", body, messages);
}

function toRequest(
  api: "chat" | "generate",
  body: Readonly<Record<string, unknown>>,
  messages: readonly ChatMessage[],
): GenerationRequest {
  const options = (body["options"] ?? {}) as Record<string, unknown>;
  const limit = options["num_predict"];
  return {
    api,
    model: parseModel(body),
    messages,
    stream: body["stream"] !== false,
    maxTokens: typeof limit === "number" && limit >= 0 ? limit : Infinity,
    loadOnly: messages.length === 0,
    unload: messages.length === 0 && /^0[a-z]*$/.test(String(body["keep_alive"])),
  };
}

function parseMessage(message: unknown): ChatMessage {
  const { role, content } = (message ?? {}) as Record<string, unknown>;
  if (typeof role !== "string" || !["system", "user", "assistant", "tool"].includes(role)) {
    throw new OllamaError(
      400,
      `invalid role: ${JSON.stringify(role)}, must be one of [system user assistant tool]`,
    );
  }
  return { role, content: typeof content === "string" ? content : "" };
}
