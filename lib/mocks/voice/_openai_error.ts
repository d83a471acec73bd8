/** What a failure says beside its status and message. */
export interface OpenAiErrorOptions {
  readonly type?: string | undefined;
  readonly param?: string | undefined;
  readonly code?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Whether the request could not even be read: a defect of its sender. @default {false} */
  readonly isMalformed?: boolean | undefined;
}

/** A failure as OpenAI words it: `{"error": {message, type, param, code}}`. */
export class OpenAiError extends Error {
  override readonly name: string = "OpenAiError";
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly isMalformed: boolean;
  readonly #options: OpenAiErrorOptions;

  constructor(status: number, message: string, options: OpenAiErrorOptions = {}) {
    const { headers = {}, isMalformed = false } = options;
    super(message);
    this.status = status;
    this.headers = headers;
    this.isMalformed = isMalformed;
    this.#options = options;
  }

  toBody(): object {
    const { type = "invalid_request_error", param = null, code = null } = this.#options;
    return { error: { message: this.message, type, param, code } };
  }
}

/** A parameter that has a value which it must not have. */
export function badParameter(param: string, message: string, code = "invalid_value"): OpenAiError {
  return new OpenAiError(400, message, { param, code });
}

/** A parameter that is not there. */
export function missingParameter(param: string): OpenAiError {
  return badParameter(param, `Missing required parameter: '${param}'.`, "missing_required_parameter");
}

/** An error of the server, or one that asks to come again later. */
export function serverError(status: number, retryAfterMs?: number): OpenAiError {
  const retry =
    retryAfterMs === undefined
      ? {}
      : { "retry-after": String(Math.ceil(retryAfterMs / 1000)), "retry-after-ms": String(retryAfterMs) };
  if (status !== 429) {
    const message = "The server had an error while processing your request. Sorry about that!";
    return new OpenAiError(status, message, { type: "server_error", headers: retry });
  }
  const wait = retryAfterMs === undefined ? "" : ` Please try again in ${retryAfterMs / 1000}s.`;
  const message = `Rate limit reached on requests per min (RPM).${wait}`;
  return new OpenAiError(429, message, { type: "requests", code: "rate_limit_exceeded", headers: retry });
}
