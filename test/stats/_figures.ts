import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

/** A file of fixtures/; make_figures.py and make_figures.R there say how it came to be. */
export function readFigures<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`fixtures/${name}.json`, import.meta.url), "utf8")) as T;
}

export interface Points {
  readonly x: readonly number[];
  readonly y: readonly number[];
}

export interface Inputs {
  readonly series: Readonly<Record<string, Points>>;
  readonly samples: Readonly<Record<string, readonly number[]>>;
  readonly steps: Readonly<Record<string, readonly number[]>>;
}

export function assertClose(actual: number, expected: number, relative: number, what: string = ""): void {
  const off = Math.abs(actual - expected);
  assert.ok(off <= relative * Math.abs(expected) || off < 1e-300, `${what} ${actual} is not ${expected}`);
}

/** What every function on numbers must refuse; `call` gives it one list. */
export function refusesBadValues(call: (values: readonly number[]) => unknown): void {
  assert.throws(() => call([]), { name: "RangeError", message: /must hold at least/ });
  for (const bad of [NaN, Infinity, -Infinity]) {
    assert.throws(() => call([1, 2, bad, 4]), {
      name: "RangeError",
      message: /must be finite, got .* index 2/,
    });
  }
  assert.throws(() => call(["1", 2, 3, 4] as unknown as number[]), {
    name: "TypeError",
    message: /got string/,
  });
  assert.throws(() => call(undefined as unknown as number[]), {
    name: "TypeError",
    message: /got undefined/,
  });
}
