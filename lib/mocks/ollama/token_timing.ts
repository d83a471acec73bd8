import type { SeededRandom } from "../../base/random.ts";

/** How fast the model is. */
export interface TokenTiming {
  /** From the request to the first token. @default {180} */
  readonly firstTokenMs?: number | undefined;
  /** `Infinity` sends all tokens at once. @default {40} */
  readonly tokensPerSecond?: number | undefined;
  /** How far a delay may be off its mean, as a share of it, 0 to 1. @default {0.2} */
  readonly jitterRatio?: number | undefined;
}

/** {@linkcode TokenTiming} with every number there. */
export interface ResolvedTiming {
  readonly firstTokenMs: number;
  readonly tokensPerSecond: number;
  readonly jitterRatio: number;
}

/** Delays before the tokens of one reply. */
export interface TokenDelays {
  /** Before the token at `index`, in milliseconds. */
  delayMs(index: number): number;
}

/** @throws {RangeError} If a number is out of its range. */
export function checkTiming(timing: TokenTiming): ResolvedTiming {
  const { firstTokenMs = 180, tokensPerSecond = 40, jitterRatio = 0.2 } = timing;
  const fail = (name: string, rule: string, value: number): never => {
    throw new RangeError(`Cannot start mock Ollama server: '${name}' must be ${rule}, got ${value}`);
  };
  if (!(firstTokenMs >= 0 && firstTokenMs < Infinity)) fail("firstTokenMs", "finite and >= 0", firstTokenMs);
  if (!(tokensPerSecond > 0)) fail("tokensPerSecond", "> 0", tokensPerSecond);
  if (!(jitterRatio >= 0 && jitterRatio <= 1)) fail("jitterRatio", "in [0, 1]", jitterRatio);
  return { firstTokenMs, tokensPerSecond, jitterRatio };
}

/** Delays with seeded jitter, evenly spread around their mean. */
export function tokenDelays(timing: ResolvedTiming, random: SeededRandom): TokenDelays {
  const { firstTokenMs, tokensPerSecond, jitterRatio } = timing;
  const tokenMs = 1000 / tokensPerSecond;
  return {
    delayMs: (index) => {
      const meanMs = index === 0 ? firstTokenMs : tokenMs;
      return meanMs === 0 ? 0 : meanMs * (1 + jitterRatio * (2 * random.next() - 1));
    },
  };
}

/** The text in pieces of the size of a model's tokens: short words with their leading space, longer ones in parts. */
export function toTokens(text: string): readonly string[] {
  return text.match(/\s*\S{1,7}|\s+$/gu) ?? [];
}
