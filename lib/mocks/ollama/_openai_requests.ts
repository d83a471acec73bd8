import {
  type Body,
  type GenerationRequest,
  isObject,
  OllamaError,
  parseMessage,
  parseModel,
  parseTools,
  toTexts,
} from "./_ollama_requests.ts";

/** @throws {OllamaError} With 400 when something is not what it must be. */
export function parseOpenAiChat(body: Body): GenerationRequest {
  const { messages } = body;
  if (!Array.isArray(messages) || messages.length === 0) {
    throw new OllamaError(400, "[] is too short - 'messages'");
  }
  const chosen = body["tool_choice"] === "none" ? undefined : body["tools"];
  return { ...common("openai-chat", body), messages: messages.map(parseMessage), tools: parseTools(chosen) };
}

/** @throws {OllamaError} With 400 when something is not what it must be. */
export function parseOpenAiCompletion(body: Body): GenerationRequest {
  const prompt = toTexts(body["prompt"]).join("\n");
  return { ...common("openai-completion", body), messages: [{ role: "user", content: prompt }] };
}

function common(api: "openai-chat" | "openai-completion", body: Body): GenerationRequest {
  const limit = body["max_completion_tokens"] ?? body["max_tokens"];
  const options = isObject(body["stream_options"]) ? body["stream_options"] : {};
  const effort = body["reasoning_effort"];
  return {
    api,
    model: parseModel(body),
    messages: [],
    stream: body["stream"] === true,
    maxTokens: typeof limit === "number" && limit >= 0 ? limit : Infinity,
    stop: toTexts(body["stop"]),
    format: toFormat(body["response_format"]),
    think: typeof effort === "string" ? effort !== "none" : undefined,
    tools: [],
    keepAliveMs: undefined,
    loadOnly: false,
    includesUsage: options["include_usage"] === true,
  };
}

function toFormat(given: unknown): unknown {
  if (!isObject(given)) return undefined;
  if (given["type"] === "json_object") return "json";
  const wrapper = given["json_schema"];
  return given["type"] === "json_schema" && isObject(wrapper) ? wrapper["schema"] : undefined;
}

/** What an embeddings request asks for. */
export interface EmbeddingRequest {
  readonly model: string;
  readonly inputs: readonly string[];
  readonly dimensions: number | undefined;
  readonly isBase64: boolean;
}

/** Reads `/v1/embeddings` and `/api/embed`. @throws {OllamaError} With 400 when there is no input. */
export function parseEmbedding(body: Body): EmbeddingRequest {
  const model = parseModel(body);
  const { input, dimensions, encoding_format: encoding } = body;
  if (input === undefined || input === null) throw new OllamaError(400, "invalid input");
  const inputs = toTexts(input);
  if (typeof input !== "string" && !(Array.isArray(input) && inputs.length === input.length)) {
    throw new OllamaError(400, "invalid input type");
  }
  const wanted = typeof dimensions === "number" && dimensions > 0 ? dimensions : undefined;
  return { model, inputs, dimensions: wanted, isBase64: encoding === "base64" };
}
