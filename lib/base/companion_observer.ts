// This module is browser-safe.

/** One call of the companion's language model, as it was seen by the companion. */
export interface LlmCall {
  readonly model: string;
  readonly durationMs: number;
  /** From sending the request to the first token; absent when none came. */
  readonly timeToFirstTokenMs?: number | undefined;
  readonly inputTokens?: number | undefined;
  readonly outputTokens?: number | undefined;
  /** Class of the failure, such as `timeout`, `connection`, `http_503`; absent when it worked. */
  readonly errorType?: string | undefined;
}

/** One message that the companion answered, or failed to answer. Never its text. */
export interface HandledMessage {
  readonly platform: string;
  /** From receiving the message to handing the reply to the platform. */
  readonly responseTimeMs: number;
  readonly ok: boolean;
}

/** Told of what a companion does, as it happens; all optional. It must not throw. */
export interface CompanionObserver {
  llmCall?(call: LlmCall): void;
  messageHandled?(message: HandledMessage): void;
}
