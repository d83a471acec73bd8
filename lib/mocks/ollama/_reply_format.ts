import type { ScriptedToolCall } from "./model_reply.ts";
import type { GenerationRequest } from "./_ollama_requests.ts";

/** How a generation went, in milliseconds and tokens. */
export interface GenerationSummary {
  readonly reason: "stop" | "length" | "load" | "unload";
  readonly promptTokens: number;
  readonly tokens: number;
  readonly loadMs: number;
  readonly promptMs: number;
  readonly evalMs: number;
  readonly totalMs: number;
}

/** A reply as it is complete. */
export interface WholeReply {
  readonly content: string;
  readonly thinking: string;
  readonly toolCalls: readonly ToolCall[];
}

/** A tool call with its id. */
export interface ToolCall extends ScriptedToolCall {
  readonly id: string;
}

/** How one protocol writes a reply. Every text is whole: a line, or an event. */
export interface ReplyFormat {
  readonly streamType: string;
  /** What comes before and after the token in its line: the token is JSON text between them. */
  token(kind: "content" | "thinking", createdAt: string): readonly [before: string, after: string];
  toolCalls(calls: readonly ToolCall[], createdAt: string): string;
  /** The last lines of a stream. */
  end(summary: GenerationSummary, createdAt: string, hasToolCalls: boolean): string;
  /** The body where nothing is streamed. */
  whole(reply: WholeReply, summary: GenerationSummary, createdAt: string): object;
  /** An error in the middle of a stream. */
  error(message: string): string;
}

/** The format that a request wants. `id` names the reply where the protocol does so. */
export function replyFormat(request: GenerationRequest, id: string): ReplyFormat {
  if (request.api === "chat" || request.api === "generate") return ollamaFormat(request);
  return request.api === "openai-chat" ? openAiChatFormat(request, id) : openAiCompletionFormat(request, id);
}

function ollamaFormat(request: GenerationRequest): ReplyFormat {
  const model = JSON.stringify(request.model);
  const isChat = request.api === "chat";
  const head = (createdAt: string): string => `{"model":${model},"created_at":"${createdAt}",`;
  const call = ({ id, name, arguments: args }: ToolCall, index: number): object => {
    return { id, function: { index, name, arguments: args } };
  };
  return {
    streamType: "application/x-ndjson",
    token: (kind, createdAt) => {
      const field = kind === "thinking" ? '"thinking":' : isChat ? '"content":' : '"response":';
      if (!isChat) {
        const empty = kind === "thinking" ? '"response":"",' : "";
        return [`${head(createdAt)}${empty}${field}`, ',"done":false}\n'];
      }
      const empty = kind === "thinking" ? '"content":"",' : "";
      return [`${head(createdAt)}"message":{"role":"assistant",${empty}${field}`, '},"done":false}\n'];
    },
    toolCalls: (calls, createdAt) => {
      const message = { role: "assistant", content: "", tool_calls: calls.map(call) };
      return `${head(createdAt)}"message":${JSON.stringify(message)},"done":false}\n`;
    },
    end: (summary, createdAt) => {
      const last = isChat ? '"message":{"role":"assistant","content":""},' : '"response":"",';
      return `${head(createdAt)}${last}${JSON.stringify(toCounts(request, summary)).slice(1)}\n`;
    },
    whole: ({ content, thinking, toolCalls }, summary, createdAt) => {
      const thought = thinking === "" ? {} : { thinking };
      const calls = toolCalls.length > 0 ? { tool_calls: toolCalls.map(call) } : {};
      const said = isChat
        ? { message: { role: "assistant", content, ...thought, ...calls } }
        : { response: content, ...thought };
      return { model: request.model, created_at: createdAt, ...said, ...toCounts(request, summary) };
    },
    error: (message) => `${JSON.stringify({ error: message })}\n`,
  };
}

function toCounts(request: GenerationRequest, summary: GenerationSummary): object {
  const { reason, promptTokens, tokens, loadMs, promptMs, evalMs, totalMs } = summary;
  const head = { done: true, done_reason: reason };
  if (request.loadOnly) return head;
  const context = Array.from({ length: tokens }, (_, index) => 1000 + index);
  return {
    ...head,
    ...(request.api === "generate" && { context }),
    total_duration: toNanoseconds(totalMs),
    load_duration: toNanoseconds(loadMs),
    prompt_eval_count: promptTokens,
    prompt_eval_duration: toNanoseconds(promptMs),
    ...(tokens > 0 && { eval_count: tokens }), // Ollama omits zero metrics
    eval_duration: toNanoseconds(evalMs),
  };
}

function toNanoseconds(ms: number): number {
  return Math.max(1, Math.round(ms * 1e6)); // zero metrics would be left out, and clients divide by them
}

function toSeconds(createdAt: string): number {
  return Math.floor(Date.parse(createdAt) / 1000);
}

function toUsage({ promptTokens, tokens }: GenerationSummary): object {
  return {
    prompt_tokens: promptTokens,
    completion_tokens: tokens,
    total_tokens: promptTokens + tokens,
  };
}

function finishReason(summary: GenerationSummary, hasToolCalls: boolean): string {
  return hasToolCalls ? "tool_calls" : summary.reason === "length" ? "length" : "stop";
}

function openAiChatFormat(request: GenerationRequest, id: string): ReplyFormat {
  const base = (object: string, createdAt: string): object => ({
    id: `chatcmpl-${id}`,
    object,
    created: toSeconds(createdAt),
    model: request.model,
    system_fingerprint: "fp_ollama",
  });
  const chunk = (createdAt: string, more: object): string =>
    `data: ${JSON.stringify({ ...base("chat.completion.chunk", createdAt), ...more })}\n\n`;
  const call = ({ id: callId, name, arguments: args }: ToolCall, index: number): object => ({
    id: callId,
    index,
    type: "function",
    function: { name, arguments: JSON.stringify(args) },
  });
  const usage = request.includesUsage ? { usage: null } : {};
  return {
    streamType: "text/event-stream",
    token: (kind, createdAt) => {
      const field = kind === "thinking" ? '"content":"","reasoning":' : '"content":';
      const whole = chunk(createdAt, {
        choices: [{ index: 0, delta: "TOKEN", finish_reason: null }],
        ...usage,
      });
      const [before = "", after = ""] = whole.split('"TOKEN"');
      return [`${before}{"role":"assistant",${field}`, `}${after}`];
    },
    toolCalls: (calls, createdAt) => {
      const delta = { role: "assistant", content: "", tool_calls: calls.map(call) };
      return chunk(createdAt, { choices: [{ index: 0, delta, finish_reason: null }], ...usage });
    },
    end: (summary, createdAt, hasToolCalls) => {
      const delta = { role: "assistant", content: "" };
      const finish_reason = finishReason(summary, hasToolCalls);
      const last = chunk(createdAt, { choices: [{ index: 0, delta, finish_reason }], ...usage });
      const counts = request.includesUsage ? chunk(createdAt, { choices: [], usage: toUsage(summary) }) : "";
      return `${last}${counts}data: [DONE]\n\n`;
    },
    whole: ({ content, thinking, toolCalls }, summary, createdAt) => {
      const thought = thinking === "" ? {} : { reasoning: thinking };
      const calls = toolCalls.length > 0 ? { tool_calls: toolCalls.map(call) } : {};
      const message = { role: "assistant", content, ...thought, ...calls };
      const finish_reason = finishReason(summary, toolCalls.length > 0);
      const choices = [{ index: 0, message, finish_reason }];
      return { ...base("chat.completion", createdAt), choices, usage: toUsage(summary) };
    },
    error: (message) => `data: ${JSON.stringify(toOpenAiError(500, message))}\n\n`,
  };
}

function openAiCompletionFormat(request: GenerationRequest, id: string): ReplyFormat {
  const base = (createdAt: string): object => ({
    id: `cmpl-${id}`,
    object: "text_completion",
    created: toSeconds(createdAt),
    model: request.model,
    system_fingerprint: "fp_ollama",
  });
  const choice = (text: string, finish_reason: string | null): object => ({
    choices: [{ text, index: 0, finish_reason }],
  });
  const chunk = (createdAt: string, more: object): string =>
    `data: ${JSON.stringify({ ...base(createdAt), ...more })}\n\n`;
  return {
    streamType: "text/event-stream",
    token: (_kind, createdAt) => {
      const [before = "", after = ""] = chunk(createdAt, choice("TOKEN", null)).split('"TOKEN"');
      return [before, after];
    },
    toolCalls: () => "",
    end: (summary, createdAt) => {
      const last = chunk(createdAt, choice("", finishReason(summary, false)));
      const counts = request.includesUsage ? chunk(createdAt, { choices: [], usage: toUsage(summary) }) : "";
      return `${last}${counts}data: [DONE]\n\n`;
    },
    whole: ({ content }, summary, createdAt) => {
      return {
        ...base(createdAt),
        ...choice(content, finishReason(summary, false)),
        usage: toUsage(summary),
      };
    },
    error: (message) => `data: ${JSON.stringify(toOpenAiError(500, message))}\n\n`,
  };
}

/** An error as OpenAI words it. */
export function toOpenAiError(status: number, message: string): object {
  const type = status === 404 ? "not_found_error" : status < 500 ? "invalid_request_error" : "api_error";
  return { error: { message, type, param: null, code: null } };
}
