import type { SeededRandom } from "../../base/random.ts";
import { companionReply, type ReplyRequest } from "./companion_replies.ts";
import type { EmotionPattern, ModelReply, OllamaReplyRule } from "./model_reply.ts";
import type { GenerationRequest } from "./_ollama_requests.ts";
import { schemaValue } from "./_schema_value.ts";
import { statedEmotions } from "./_stated_moods.ts";

const THOUGHT = "What was said wants an answer that fits. I will keep it short.";

/** What the model says to a request: by the first rule that fits, else something plausible. */
export function scriptReply(
  request: GenerationRequest,
  rules: readonly OllamaReplyRule[],
  random: SeededRandom,
): ModelReply {
  const asked = toReplyRequest(request);
  const rule = rules.find(([pattern]) => matches(pattern, asked));
  const given = rule ? (typeof rule[1] === "function" ? rule[1](asked) : rule[1]) : undefined;
  const reply: ModelReply = typeof given === "string" ? { content: given } : (given ?? {});
  if (given === undefined || (reply.content === undefined && !reply.toolCalls)) {
    return { thinking: THOUGHT, ...reply, content: plausible(request, asked, random) };
  }
  return reply;
}

function plausible(request: GenerationRequest, asked: ReplyRequest, random: SeededRandom): string {
  const text = companionReply(asked, random);
  const { format } = request;
  if (format === undefined) return text;
  const values = random.stream(`format ${asked.turn} ${asked.text}`);
  return JSON.stringify(format === "json" ? { reply: text } : schemaValue(format, text, values));
}

function toReplyRequest({ model, messages, tools }: GenerationRequest): ReplyRequest {
  return {
    model,
    text: messages.findLast(({ role }) => role === "user")?.content ?? "",
    system: messages.find(({ role }) => role === "system")?.content ?? "",
    turn: messages.length,
    messages: messages.map(({ role, content }) => ({ role, content })),
    tools: tools.map(({ name }) => name),
  };
}

function matches(pattern: RegExp | string | EmotionPattern, { text, system }: ReplyRequest): boolean {
  if (typeof pattern === "string") return text.includes(pattern);
  if (pattern instanceof RegExp) return text.search(pattern) >= 0;
  const stated = statedEmotions(system);
  return Object.entries(pattern.whenEmotion).every(([name, limits]) => {
    const value = stated.get(name as never);
    const { above = -Infinity, below = Infinity } = limits;
    return value !== undefined && value > above && value < below;
  });
}
