// Math.sin differs in the last bits between engines; these waves use + - * / on IEEE doubles only, so that a clip is
// the same bytes on every runtime.

const TAU = 6.283_185_307_179_586;

/** sin(2π · turns), within 1e-9. */
export function sineOfTurns(turns: number): number {
  let part = turns - Math.floor(turns);
  const sign = part >= 0.5 ? -1 : 1;
  if (part >= 0.5) part -= 0.5;
  if (part > 0.25) part = 0.5 - part;
  const x = TAU * part;
  const square = x * x;
  let sum = 1; // Taylor series by Horner; x <= π/2 leaves less than 1e-11 after 8 terms
  for (let n = 15; n >= 3; n -= 2) sum = 1 - (square / (n * (n - 1))) * sum;
  return sign * x * sum;
}

/** One period after another of a sine, `length` samples from phase 0. */
export function sineWave(
  frequencyHz: number,
  sampleRate: number,
  length: number,
  amplitude = 1,
): Float64Array {
  const wave = new Float64Array(length);
  for (let n = 0; n < length; n++) wave[n] = amplitude * sineOfTurns((frequencyHz * n) / sampleRate);
  return wave;
}

/** As {@linkcode sineWave}, a quarter of a period ahead. */
export function cosineWave(frequencyHz: number, sampleRate: number, length: number): Float64Array {
  const wave = new Float64Array(length);
  for (let n = 0; n < length; n++) wave[n] = sineOfTurns((frequencyHz * n) / sampleRate + 0.25);
  return wave;
}
