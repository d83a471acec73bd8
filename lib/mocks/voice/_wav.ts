import type { Sound } from "./_listen.ts";

const HEADER_BYTES = 44;
const PCM = 1;
const FLOAT = 3;
const EXTENSIBLE = 0xfffe;
const MAX_RATE = 384_000;

interface WavFormat {
  readonly code: number;
  readonly channels: number;
  readonly sampleRate: number;
  readonly bytesPerSample: number;
}

/** Samples as the bytes of a WAV file: mono, 16 bits. */
export function encodeWav(samples: Int16Array, sampleRate: number): Buffer {
  return Buffer.concat([wavHeader(2 * samples.length, sampleRate), toPcm(samples)]);
}

/** What a WAV file of mono samples of 16 bits begins with. */
export function wavHeader(dataBytes: number, sampleRate: number): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.write("RIFF", 0, "latin1");
  header.writeUInt32LE(HEADER_BYTES - 8 + dataBytes, 4);
  header.write("WAVEfmt ", 8, "latin1");
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(PCM, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(sampleRate, 24);
  header.writeUInt32LE(2 * sampleRate, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write("data", 36, "latin1");
  header.writeUInt32LE(dataBytes, 40);
  return header;
}

/** Samples as bytes, little end first on every machine. */
export function toPcm(samples: Int16Array): Buffer {
  const bytes = Buffer.alloc(2 * samples.length);
  for (let n = 0; n < samples.length; n++) bytes.writeInt16LE(samples[n]!, 2 * n);
  return bytes;
}

/** Bytes as samples; a last odd byte is left out. */
export function fromPcm(bytes: Uint8Array): Int16Array<ArrayBuffer> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const samples = new Int16Array(bytes.byteLength >> 1);
  for (let n = 0; n < samples.length; n++) samples[n] = view.getInt16(2 * n, true);
  return samples;
}

/**
 * The sound in a WAV file, its channels mixed; `undefined` if it is none. One whose header promises more than there
 * is, as of a recording that was streamed, gives what is there.
 */
export function parseWav(bytes: Uint8Array): Sound | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 12 || tag(view, 0) !== "RIFF" || tag(view, 8) !== "WAVE") return undefined;
  let format: WavFormat | undefined;
  for (let at = 12; at + 8 <= bytes.length;) {
    const size = view.getUint32(at + 4, true);
    const body = at + 8;
    if (tag(view, at) === "fmt ") format = parseFormat(view, body, size);
    if (tag(view, at) === "data")
      return format && mix(view, body, Math.min(size, bytes.length - body), format);
    at = body + size + (size & 1);
  }
  return undefined;
}

function tag(view: DataView, at: number): string {
  return String.fromCharCode(
    view.getUint8(at),
    view.getUint8(at + 1),
    view.getUint8(at + 2),
    view.getUint8(at + 3),
  );
}

function parseFormat(view: DataView, at: number, size: number): WavFormat | undefined {
  if (size < 16 || at + size > view.byteLength) return undefined;
  const code = view.getUint16(at, true);
  const format: WavFormat = {
    code: code === EXTENSIBLE && size >= 26 ? view.getUint16(at + 24, true) : code,
    channels: view.getUint16(at + 2, true),
    sampleRate: view.getUint32(at + 4, true),
    bytesPerSample: view.getUint16(at + 14, true) / 8,
  };
  const { channels, sampleRate, bytesPerSample } = format;
  const isKnown = readerOf(format) !== undefined && Number.isInteger(bytesPerSample);
  return isKnown && channels >= 1 && sampleRate >= 1 && sampleRate <= MAX_RATE ? format : undefined;
}

function mix(view: DataView, start: number, length: number, format: WavFormat): Sound {
  const { channels, sampleRate, bytesPerSample } = format;
  const read = readerOf(format)!;
  const samples = new Float32Array(Math.floor(length / (channels * bytesPerSample)));
  for (let n = 0; n < samples.length; n++) {
    let sum = 0;
    for (let channel = 0; channel < channels; channel++) {
      sum += read(view, start + (n * channels + channel) * bytesPerSample);
    }
    const sample = sum / channels;
    samples[n] = Number.isFinite(sample) ? sample : 0;
  }
  return { samples, sampleRate };
}

/** How one sample is read, as a share of full scale. */
function readerOf({ code, bytesPerSample }: WavFormat): ((view: DataView, at: number) => number) | undefined {
  switch (`${code} ${bytesPerSample}`) {
    case `${PCM} 1`:
      return (view, at) => (view.getUint8(at) - 128) / 128;
    case `${PCM} 2`:
      return (view, at) => view.getInt16(at, true) / 32_768;
    case `${PCM} 3`:
      return (view, at) => (view.getUint16(at, true) + view.getInt8(at + 2) * 65_536) / 8_388_608;
    case `${PCM} 4`:
      return (view, at) => view.getInt32(at, true) / 2_147_483_648;
    case `${FLOAT} 4`:
      return (view, at) => view.getFloat32(at, true);
    default:
      return undefined;
  }
}
