import { OVERHEAD_SYMBOLS, MAX_PIECE_BYTES, PILOTS_HZ, SAMPLE_RATE } from "./_tone_code.ts";
import { SYMBOL_SECONDS, TONES_HZ, tonesOf, toPacket } from "./_tone_code.ts";
import { sineWave } from "./_waves.ts";

const WORD_MS = 375; // 160 words a minute
const LETTER_MS = 60; // long words take longer
const SYLLABLE_MS = 200; // what has a letter for each syllable or word: Chinese, Japanese, Korean, emoji
const FIRST_SYLLABLE_LETTER = 0x2e80;
const SHORTEST_MS = 100;

const SYMBOL_SAMPLES = SAMPLE_RATE * SYMBOL_SECONDS;
const PAUSE_SAMPLES = SAMPLE_RATE * 0.03;
const FADE_SAMPLES = SAMPLE_RATE * 0.005;
const TONE_AMPLITUDE = 0.3;
const PILOT_AMPLITUDE = 0.5;
const HUM_AMPLITUDE = 0.2;
const FULL_SCALE = 32_767;

const PILOTS = PILOTS_HZ.map((hz) => sineWave(hz, SAMPLE_RATE, SYMBOL_SAMPLES, PILOT_AMPLITUDE));
const TONES = TONES_HZ.map((hz) => sineWave(hz, SAMPLE_RATE, SYMBOL_SAMPLES, TONE_AMPLITUDE));

/** How a text is said. */
export interface Manner {
  /** 1 is 160 words a minute. */
  readonly speed: number;
  /** Pitch of the voice in Hz, 80 to 300. */
  readonly pitchHz: number;
}

/** A part of a text that is said in one breath. */
interface Piece {
  readonly bytes: Uint8Array;
  readonly letterMs: number;
}

/**
 * A text as speech: samples, mono, at 24 kHz. Each word is a packet of tones at its own moment, so that the beginning
 * of a clip holds the beginning of its text; the rest of the word's time is a hum.
 */
export function speak(text: string, manner: Manner): Int16Array<ArrayBuffer> {
  const pieces = toPieces(text);
  const slots = toSlots(pieces, wordsIn(text), manner.speed);
  const total = slots.reduce((sum, slot) => sum + slot, 0);
  const samples = new Int16Array(Math.max(total, Math.round((SHORTEST_MS / 1000) * SAMPLE_RATE)));
  let at = 0;
  for (const [index, { bytes }] of pieces.entries()) {
    const slot = slots[index]!;
    const end = writePacket(samples, at, bytes);
    writeHum(samples, end, at + slot - Math.min(PAUSE_SAMPLES, Math.floor(slot / 8)), manner.pitchHz);
    at += slot;
  }
  return samples;
}

/** How many samples each piece takes: its share of the text's time, and never less than its packet. */
function toSlots(pieces: readonly Piece[], words: number, speed: number): number[] {
  const letterMs = pieces.reduce((sum, piece) => sum + piece.letterMs, 0);
  const totalMs = Math.max(words * WORD_MS, letterMs) / speed;
  const weights = pieces.map((piece) => piece.letterMs + LETTER_MS);
  const totalWeight = weights.reduce((sum, weight) => sum + weight, 0);
  const samplesAWeight = ((totalMs / 1000) * SAMPLE_RATE) / totalWeight;
  let [weightSoFar, end] = [0, 0];
  return pieces.map(({ bytes }, index) => {
    weightSoFar += weights[index]!;
    const share = Math.round(weightSoFar * samplesAWeight) - end; // of whole sums, so that nothing is lost by rounding
    end += share;
    return Math.max(share, (bytes.length + OVERHEAD_SYMBOLS + 1) * SYMBOL_SAMPLES);
  });
}

function wordsIn(text: string): number {
  return text.match(/\S+/gu)?.length ?? 0;
}

function toPieces(text: string): readonly Piece[] {
  const words = text.match(/\s*\S+\s*$|\s*\S+|\s+/gu) ?? [];
  return words.flatMap(cutWord);
}

/** A word in pieces that fit into packets, cut between letters only. */
function cutWord(word: string): Piece[] {
  const pieces: Piece[] = [];
  let [letters, bytes, letterMs] = ["", 0, 0];
  const end = (): void => {
    if (bytes > 0) pieces.push({ bytes: Buffer.from(letters), letterMs });
    [letters, bytes, letterMs] = ["", 0, 0];
  };
  for (const letter of word) {
    const size = Buffer.byteLength(letter);
    if (bytes + size > MAX_PIECE_BYTES) end();
    letters += letter;
    bytes += size;
    letterMs += letter.codePointAt(0)! >= FIRST_SYLLABLE_LETTER ? SYLLABLE_MS : LETTER_MS;
  }
  end();
  return pieces;
}

function writePacket(samples: Int16Array, start: number, piece: Uint8Array): number {
  let at = start;
  const write = (...waves: readonly Float64Array[]): void => {
    for (let n = 0; n < SYMBOL_SAMPLES; n++) {
      let sum = 0;
      for (const wave of waves) sum += wave[n]!;
      samples[at + n] = Math.round(sum * FULL_SCALE);
    }
    at += SYMBOL_SAMPLES;
  };
  for (const pilot of PILOTS) write(pilot);
  for (const byte of toPacket(piece)) {
    const [low, high] = tonesOf(byte);
    write(TONES[low]!, TONES[high]!);
  }
  return at;
}

function writeHum(samples: Int16Array, from: number, to: number, pitchHz: number): void {
  const length = to - from;
  if (length <= 0) return;
  const wave = sineWave(pitchHz, SAMPLE_RATE, length, HUM_AMPLITUDE * FULL_SCALE);
  for (let n = 0; n < length; n++) {
    const fade = Math.min(1, n / FADE_SAMPLES, (length - n) / FADE_SAMPLES);
    samples[from + n] = Math.round(wave[n]! * fade);
  }
}
