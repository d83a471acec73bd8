// How words are put into sound. A piece of text, a word as a rule, is a packet: two pilot tones that mark its start,
// then one symbol for each byte: the length, the bytes of the text in UTF-8, a CRC-16 over all of them. A symbol lasts
// 5 ms and is a low and a high tone at once, each one of 16 and so four bits. All tones are whole multiples of 200 Hz:
// within 5 ms each is orthogonal to all others, and all lie below 7.1 kHz, so that the code survives another sample
// rate down to 16 kHz, 16 bits, and any loudness.

/** Sample rate of all that the mock says, in Hz. */
export const SAMPLE_RATE = 24_000;

/** How long a symbol lasts. */
export const SYMBOL_SECONDS = 0.005;

/** The two tones that a packet begins with, in Hz. */
export const PILOTS_HZ = [400, 600] as const;

/** Most bytes of text in one packet. */
export const MAX_PIECE_BYTES = 48;

const LOWEST_HZ = 800;
const SPACING_HZ = 200;
const TONES_A_BAND = 16;

/** Symbols of a packet that are not its text: two pilots, the length, the checksum. */
export const OVERHEAD_SYMBOLS = 5;

/** Frequencies of the 16 low tones, then of the 16 high ones, in Hz. */
export const TONES_HZ: readonly number[] = Array.from(
  { length: 2 * TONES_A_BAND },
  (_, index) => LOWEST_HZ + SPACING_HZ * index,
);

/** Positions in {@linkcode TONES_HZ} of the two tones of a byte. */
export function tonesOf(byte: number): readonly [low: number, high: number] {
  return [byte >> 4, TONES_A_BAND + (byte & 15)];
}

/** CRC-16/CCITT-FALSE of some bytes. */
export function crc16(bytes: Uint8Array): number {
  let crc = 0xffff;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1) & 0xffff;
  }
  return crc;
}

/** The bytes of a packet, pilots left out. */
export function toPacket(piece: Uint8Array): Uint8Array {
  const packet = new Uint8Array(piece.length + 3);
  packet[0] = piece.length;
  packet.set(piece, 1);
  const crc = crc16(packet.subarray(0, piece.length + 1));
  packet[piece.length + 1] = crc >> 8;
  packet[piece.length + 2] = crc & 0xff;
  return packet;
}
