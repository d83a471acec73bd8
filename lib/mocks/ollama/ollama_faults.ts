/**
 * Something that an Ollama server does wrong. An occasion is a request for `fail`, and a generation for all others.
 */
export type OllamaFault =
  /** Fails the request. @default 500 `internal server error` */
  | { readonly kind: "fail"; readonly status?: number; readonly error?: string; readonly path?: string }
  /** The first token comes so much later. */
  | { readonly kind: "slow"; readonly ms: number }
  /** Stops for good after some tokens, without an error and with the connection open. */
  | { readonly kind: "stall"; readonly afterTokens: number }
  /** Not even headers come. */
  | { readonly kind: "no-headers" }
  /** Ends after some tokens as if all were well, but without the last line; `midLine`: within a line. */
  | { readonly kind: "cut"; readonly afterTokens: number; readonly midLine?: boolean }
  /** Resets the connection after some tokens. */
  | { readonly kind: "reset"; readonly afterTokens: number }
  /** A line that is no JSON, after some tokens; then it goes on. */
  | { readonly kind: "malformed"; readonly afterTokens: number }
  /** Status 200 with an error for a body. */
  | { readonly kind: "error-body"; readonly error?: string }
  /** An error as the last line, after some tokens. */
  | { readonly kind: "error-line"; readonly afterTokens: number; readonly error?: string }
  /** Done without a single token. */
  | { readonly kind: "empty" }
  /** The bytes of the reply come at this rate. */
  | { readonly kind: "drip"; readonly bytesPerSecond: number }
  /** Every line comes twice. */
  | { readonly kind: "duplicate-lines" }
  /** `created_at` is off by so much. */
  | { readonly kind: "clock-skew"; readonly ms: number }
  /** The reply repeats its last tokens until it has so many. */
  | { readonly kind: "loop"; readonly tokens: number };

/** A fault of a generation. */
export type GenerationFault = Exclude<OllamaFault, { readonly kind: "fail" }>;

const LEAST: Readonly<Record<string, number>> = {
  ms: -Infinity,
  afterTokens: 0,
  bytesPerSecond: 0.001,
  tokens: 1,
  status: 400,
};

/** @throws {RangeError} If a number of the fault is out of its range; the message names it. */
export function checkOllamaFault(fault: OllamaFault): void {
  for (const [name, value] of Object.entries(fault)) {
    const least = LEAST[name];
    if (least === undefined || value === undefined) continue;
    if (typeof value !== "number" || !(value >= least && value < Infinity)) {
      throw new RangeError(
        `Cannot inject fault '${fault.kind}': '${name}' must be finite and >= ${least}, got ${value}`,
      );
    }
  }
}
