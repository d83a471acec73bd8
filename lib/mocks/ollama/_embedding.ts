import { SeededRandom } from "../../base/random.ts";

/**
 * A vector of unit length for a text: the same in every run, and nearer to that of another text the more words they
 * share.
 */
export function embed(text: string, dimensions: number): readonly number[] {
  const sum = new Float64Array(dimensions);
  for (const word of text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [""]) {
    const random = new SeededRandom(`word ${word}`);
    for (let i = 0; i < dimensions; i++) sum[i]! += 2 * random.next() - 1;
  }
  return toUnitLength(sum);
}

/** @param values At least one is not 0. */
export function toUnitLength(values: Iterable<number>): readonly number[] {
  const all = [...values];
  const length = Math.sqrt(all.reduce((total, value) => total + value * value, 0));
  return all.map((value) => Math.fround(value / length)); // models answer with 32-bit numbers
}

/** Little-endian 32-bit floats in base64, as OpenAI's `encoding_format` wants them. */
export function toBase64(vector: readonly number[]): string {
  return Buffer.from(new Float32Array(vector).buffer).toString("base64");
}
