import { crc16, MAX_PIECE_BYTES, PILOTS_HZ, SYMBOL_SECONDS, TONES_HZ } from "./_tone_code.ts";
import { cosineWave, sineWave } from "./_waves.ts";

// The highest tone is at 7 kHz; a recording at less than twice that has lost it.
const LOWEST_RATE = 15_000;
const QUIETEST = 1e-7; // mean square of full scale 1: -70 dB
const PURE = 0.6; // share of a window's energy that is in a pilot's tone

/** A piece of text that was heard. */
export interface HeardPiece {
  readonly text: string;
  readonly startMs: number;
}

/** Sound to listen to. */
export interface Sound {
  readonly samples: Int16Array | Float32Array;
  readonly sampleRate: number;
}

interface Reference {
  readonly cosine: Float64Array;
  readonly sine: Float64Array;
}

/** The words that a sound carries, from the sound itself; none in silence, noise, or what others recorded. */
export function listenTo({ samples, sampleRate }: Sound): readonly HeardPiece[] {
  if (!(sampleRate >= LOWEST_RATE)) return [];
  return new Listener(samples, sampleRate).hear();
}

/** Text of what was heard, without white space around it. */
export function joinPieces(pieces: readonly HeardPiece[]): string {
  return pieces
    .map(({ text }) => text)
    .join("")
    .trim();
}

class Listener {
  readonly #samples: Int16Array | Float32Array;
  readonly #rate: number;
  readonly #scale: number;
  readonly #window: number;
  readonly #tones: readonly Reference[];
  readonly #text = new TextDecoder();

  constructor(samples: Int16Array | Float32Array, rate: number) {
    this.#samples = samples;
    this.#rate = rate;
    this.#scale = samples instanceof Int16Array ? 1 / 32_768 : 1;
    this.#window = Math.round(rate * SYMBOL_SECONDS);
    this.#tones = TONES_HZ.map((hz) => toReference(hz, rate, this.#window));
  }

  hear(): readonly HeardPiece[] {
    const pieces: HeardPiece[] = [];
    const end = this.#samples.length - 2 * this.#window;
    for (let from = 0; from < end;) {
      const start = this.#findPilots(from);
      if (start === undefined) break;
      const piece = this.#readPacket(start);
      if (piece) pieces.push({ text: this.#text.decode(piece), startMs: (start / this.#rate) * 1000 });
      from = start + this.#window * (piece ? piece.length + 4 : 1);
    }
    return pieces;
  }

  /** Where two pilots begin: the best place near the first one that is good enough. */
  #findPilots(from: number): number | undefined {
    const window = this.#window;
    const last = this.#samples.length - 2 * window;
    const first = new PilotScore(this.#samples, this.#rate, PILOTS_HZ[0], window, from);
    const second = new PilotScore(this.#samples, this.#rate, PILOTS_HZ[1], window, from + window);
    const quietest = (QUIETEST / this.#scale / this.#scale) * window;
    let best = -1;
    let bestScore = PURE;
    for (let at = from; at <= last; at++) {
      const score = Math.min(first.purity(quietest), second.purity(quietest));
      if (score > bestScore) [best, bestScore] = [at, score];
      else if (best >= 0 && at - best > window / 2) return best;
      first.next();
      second.next();
    }
    return best >= 0 ? best : undefined;
  }

  /** The text of the packet whose pilots begin at `start`, if its checksum holds; they may be off by a little. */
  #readPacket(start: number): Uint8Array | undefined {
    const step = this.#window / 16;
    for (const offset of [0, -step, step, -2 * step, 2 * step, -3 * step, 3 * step]) {
      const piece = this.#tryPacket(start + offset);
      if (piece) return piece;
    }
    return undefined;
  }

  #tryPacket(start: number): Uint8Array | undefined {
    const symbol = this.#rate * SYMBOL_SECONDS; // not whole at 44.1 kHz
    const byteAt = (index: number): number => this.#readByte(Math.round(start + (2 + index) * symbol));
    const length = byteAt(0);
    if (!(length >= 1 && length <= MAX_PIECE_BYTES)) return undefined;
    if (start + (2 + length + 3) * symbol > this.#samples.length + symbol / 2) return undefined;
    const packet = Uint8Array.from({ length: length + 3 }, (_, index) =>
      index === 0 ? length : byteAt(index),
    );
    const crc = packet[length + 1]! * 256 + packet[length + 2]!;
    return crc === crc16(packet.subarray(0, length + 1)) ? packet.slice(1, length + 1) : undefined;
  }

  #readByte(start: number): number {
    const half = this.#tones.length / 2;
    return this.#loudest(start, 0, half) * 16 + this.#loudest(start, half, 2 * half);
  }

  #loudest(start: number, from: number, to: number): number {
    let [loudest, most] = [from, -1];
    for (let tone = from; tone < to; tone++) {
      const power = this.#power(start, this.#tones[tone]!);
      if (power > most) [loudest, most] = [tone, power];
    }
    return loudest - from;
  }

  #power(start: number, { cosine, sine }: Reference): number {
    let [real, imaginary] = [0, 0];
    for (let n = 0; n < this.#window; n++) {
      const sample = this.#samples[start + n] ?? 0;
      real += sample * cosine[n]!;
      imaginary += sample * sine[n]!;
    }
    return real * real + imaginary * imaginary;
  }
}

function toReference(hz: number, rate: number, length: number): Reference {
  return { cosine: cosineWave(hz, rate, length), sine: sineWave(hz, rate, length) };
}

/** How much of a window's energy is one tone, for one window after another at a constant cost each. */
class PilotScore {
  readonly #samples: Int16Array | Float32Array;
  readonly #period: Reference;
  readonly #window: number;
  #at: number;
  #real = 0;
  #imaginary = 0;
  #energy = 0;

  constructor(samples: Int16Array | Float32Array, rate: number, hz: number, window: number, at: number) {
    this.#samples = samples;
    this.#window = window;
    this.#at = at;
    this.#period = toReference(hz, rate, rate / greatestCommonDivisor(rate, hz)); // exact, however long the sound is
    for (let n = at; n < at + window; n++) this.#add(n, 1);
  }

  /** Share of the energy that is in the tone; 0 where it is too quiet to tell. */
  purity(quietest: number): number {
    if (this.#energy <= quietest) return 0;
    const power = this.#real * this.#real + this.#imaginary * this.#imaginary;
    return (2 * power) / (this.#window * this.#energy);
  }

  next(): void {
    this.#add(this.#at, -1);
    this.#add(this.#at + this.#window, 1);
    this.#at++;
  }

  #add(index: number, sign: 1 | -1): void {
    const sample = this.#samples[index] ?? 0;
    const { cosine, sine } = this.#period;
    const phase = index % cosine.length;
    this.#real += sign * sample * cosine[phase]!;
    this.#imaginary += sign * sample * sine[phase]!;
    this.#energy += sign * sample * sample;
  }
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
