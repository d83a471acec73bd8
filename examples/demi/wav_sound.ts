/** Sample rate of all speech here, in Hz: mono, 16 bits, little end first. */
export const SAMPLE_RATE = 24_000;

const HEADER_BYTES = 44;
const ENDLESS = 0xffff_ffff; // what servers write that do not know yet how long it will be

/** Speech was not the WAV file that was asked for. */
export class WavError extends Error {
  override readonly name: string = "WavError";
}

/** Samples as a WAV file. */
export function wrapWav(pcm: Buffer): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.write("RIFF\0\0\0\0WAVEfmt ", "latin1");
  header.writeUInt32LE(HEADER_BYTES - 8 + pcm.length, 4);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(SAMPLE_RATE, 24);
  header.writeUInt32LE(2 * SAMPLE_RATE, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write("data", 36, "latin1");
  header.writeUInt32LE(pcm.length, 40);
  return Buffer.concat([header, pcm]);
}

/**
 * Samples of a WAV file.
 *
 * @throws {WavError} If it is none, of another kind, or shorter than its header promises: cut off on its way.
 */
export function unwrapWav(file: Buffer): Buffer {
  const isWav = file.length >= 12 && file.toString("latin1", 0, 4) === "RIFF";
  if (!isWav || file.toString("latin1", 8, 12) !== "WAVE")
    throw new WavError("Cannot read speech: not a WAV file");
  for (let at = 12; at + 8 <= file.length;) {
    const id = file.toString("latin1", at, at + 4);
    const size = file.readUInt32LE(at + 4);
    const body = at + 8;
    if (id === "fmt " && !isOurs(file.subarray(body, body + size))) {
      throw new WavError(`Cannot read speech: it must be mono, 16 bits, ${SAMPLE_RATE} Hz`);
    }
    if (id === "data") return takeData(file.subarray(body), size);
    at = body + size + (size & 1);
  }
  throw new WavError("Cannot read speech: it ended early");
}

function isOurs(format: Buffer): boolean {
  if (format.length < 16) return false;
  const [kind, channels, rate] = [format.readUInt16LE(0), format.readUInt16LE(2), format.readUInt32LE(4)];
  return kind === 1 && channels === 1 && rate === SAMPLE_RATE && format.readUInt16LE(14) === 16;
}

function takeData(rest: Buffer, size: number): Buffer {
  if (size !== ENDLESS && rest.length < size) throw new WavError("Cannot read speech: it ended early");
  const data = size === ENDLESS ? rest : rest.subarray(0, size);
  return data.subarray(0, data.length - (data.length % 2));
}
