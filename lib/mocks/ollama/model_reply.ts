import type { EmotionNameText } from "./_stated_moods.ts";
import type { ReplyRequest } from "./companion_replies.ts";

/** A tool that a model wants to be called. */
export interface ScriptedToolCall {
  readonly name: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

/** What a model says, thinks, and wants to be done. */
export interface ModelReply {
  /** @default {""} */
  readonly content?: string | undefined;
  /** Thought before the content, told when thinking was asked for. */
  readonly thinking?: string | undefined;
  readonly toolCalls?: readonly ScriptedToolCall[] | undefined;
}

/** Holds where the system message states every emotion so. */
export interface EmotionPattern {
  readonly whenEmotion: Readonly<
    Partial<Record<EmotionNameText, { readonly above?: number; readonly below?: number }>>
  >;
}

/**
 * A scripted reply: to texts that the pattern matches, or prompts that state such emotions; as a text, as more than
 * that, or made from the request.
 */
export type OllamaReplyRule = readonly [
  pattern: RegExp | string | EmotionPattern,
  reply: string | ModelReply | ((request: ReplyRequest) => string | ModelReply),
];
