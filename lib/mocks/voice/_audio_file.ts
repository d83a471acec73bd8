import { type HeardPiece, listenTo } from "./_listen.ts";
import { parseWav } from "./_wav.ts";

// 128 kbit/s, for the length of files that are not looked into.
const USUAL_BYTES_PER_MS = 16;

/** A file of sound, listened to. */
export interface HeardFile {
  readonly durationMs: number;
  readonly pieces: readonly HeardPiece[];
  /** When the last sound in it ends. */
  readonly soundEndMs: number;
}

/** What other containers begin with, at which byte. */
const MAGICS: readonly (readonly [offset: number, magic: string])[] = [
  [0, "OggS"],
  [0, "fLaC"],
  [0, "ID3"],
  [4, "ftyp"],
  [0, "\u001a\u0045\u00df\u00a3"], // Matroska, WebM
];

/**
 * Listens to a file. In MP3, Ogg, FLAC, MP4 and WebM nothing is heard, and their length is guessed.
 *
 * @returns `undefined` for a file that is no sound at all.
 */
export function hearFile(bytes: Uint8Array): HeardFile | undefined {
  const sound = parseWav(bytes);
  if (sound) {
    const { samples, sampleRate } = sound;
    return {
      durationMs: (samples.length / sampleRate) * 1000,
      pieces: listenTo(sound),
      soundEndMs: (endOfSound(samples) / sampleRate) * 1000,
    };
  }
  if (!isForeign(bytes)) return undefined;
  const durationMs = bytes.length / USUAL_BYTES_PER_MS;
  return { durationMs, pieces: [], soundEndMs: durationMs };
}

function isForeign(bytes: Uint8Array): boolean {
  const isMp3 = bytes.length >= 4 && bytes[0] === 0xff && (bytes[1]! & 0xe6) === 0xe2; // frame sync, layer 3
  return isMp3 || MAGICS.some(([offset, magic]) => startsWith(bytes, offset, magic));
}

function startsWith(bytes: Uint8Array, offset: number, magic: string): boolean {
  return [...magic].every((letter, index) => bytes[offset + index] === letter.charCodeAt(0));
}

function endOfSound(samples: Int16Array | Float32Array): number {
  let end = samples.length;
  while (end > 0 && Math.abs(samples[end - 1]!) < 0.003) end--;
  return end;
}
