// A WAV file read by the letter of its description, with nothing of the mock's own code.

/** What is in a WAV file. */
export interface WavFile {
  readonly channels: number;
  readonly sampleRate: number;
  readonly bitsPerSample: number;
  readonly seconds: number;
  readonly samples: Int16Array;
}

/** @throws {Error} If anything in the file is not as it must be. */
export function readWavFile(file: Buffer): WavFile {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const text = (at: number): string => file.toString("latin1", at, at + 4);
  must(text(0) === "RIFF" && text(8) === "WAVE", "RIFF and WAVE");
  must(view.getUint32(4, true) === file.length - 8, "the RIFF size is that of the file");
  must(text(12) === "fmt " && view.getUint32(16, true) === 16, "a plain fmt chunk");
  must(view.getUint16(20, true) === 1, "PCM");
  const [channels, sampleRate] = [view.getUint16(22, true), view.getUint32(24, true)];
  const bitsPerSample = view.getUint16(34, true);
  const frameBytes = (channels * bitsPerSample) / 8;
  must(view.getUint32(28, true) === sampleRate * frameBytes, "byte rate");
  must(view.getUint16(32, true) === frameBytes, "block align");
  must(text(36) === "data" && view.getUint32(40, true) === file.length - 44, "the data fill the file");
  const samples = Int16Array.from({ length: (file.length - 44) / 2 }, (_, n) =>
    view.getInt16(44 + 2 * n, true),
  );
  return { channels, sampleRate, bitsPerSample, seconds: samples.length / channels / sampleRate, samples };
}

function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(`Cannot read WAV file: ${what} must hold`);
}

/** A WAV file of 16 bits, made sample by sample. */
export function writeWavFile(samples: Int16Array, sampleRate: number, channels = 1): Buffer {
  const file = Buffer.alloc(44 + 2 * samples.length);
  file.write("RIFF    WAVEfmt ", "latin1");
  file.writeUInt32LE(file.length - 8, 4);
  file.writeUInt32LE(16, 16);
  file.writeUInt16LE(1, 20);
  file.writeUInt16LE(channels, 22);
  file.writeUInt32LE(sampleRate, 24);
  file.writeUInt32LE(sampleRate * channels * 2, 28);
  file.writeUInt16LE(channels * 2, 32);
  file.writeUInt16LE(16, 34);
  file.write("data", 36, "latin1");
  file.writeUInt32LE(2 * samples.length, 40);
  samples.forEach((sample, n) => file.writeInt16LE(sample, 44 + 2 * n));
  return file;
}
