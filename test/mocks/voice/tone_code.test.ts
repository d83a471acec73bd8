import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { suite, test } from "node:test";
import fc from "fast-check";
import { SeededRandom } from "../../../lib/base/random.ts";
import { joinPieces, listenTo } from "../../../lib/mocks/voice/_listen.ts";
import { speak } from "../../../lib/mocks/voice/_speak.ts";
import { parseWav } from "../../../lib/mocks/voice/_wav.ts";
import { writeWavFile } from "./_wav_file.ts";

const RATE = 24_000;
const TEXT = "Hello Demi, wie schön! Das kostet 5 €.";
const MANNER = { speed: 1, pitchHz: 160 };

function hear(samples: Int16Array | Float32Array, sampleRate: number = RATE): string {
  return joinPieces(listenTo({ samples, sampleRate }));
}

/** Another sample rate by straight lines between the samples, the plainest way there is. */
function resample(samples: Int16Array, to: number): Int16Array {
  return Int16Array.from({ length: Math.floor((samples.length * to) / RATE) }, (_, n) => {
    const at = (n * RATE) / to;
    const [left, right] = [samples[Math.floor(at)]!, samples[Math.ceil(at)] ?? 0];
    return Math.round(left + (right - left) * (at % 1));
  });
}

suite("speech that carries its words", () => {
  test("any text comes back, at any speed", () => {
    const texts = fc.string({ unit: "grapheme", minLength: 1, maxLength: 60 });
    const speeds = fc.constantFrom(0.25, 1, 1.3, 4);
    fc.assert(
      fc.property(texts, speeds, (text, speed) => {
        assert.equal(hear(speak(text, { speed, pitchHz: 200 })), text.trim());
      }),
      { numRuns: 60, seed: 7 },
    );
  });

  for (const rate of [16_000, 22_050, 32_000, 44_100, 48_000]) {
    test(`survives ${rate} Hz`, () => {
      assert.equal(hear(resample(speak(TEXT, MANNER), rate), rate), TEXT);
    });
  }

  test("survives noise, low and high volume, silence around it and a cut beginning", () => {
    const random = new SeededRandom("noise");
    const samples = speak(TEXT, MANNER);
    const changed = (change: (sample: number) => number): Int16Array =>
      samples.map((sample) => Math.max(-32_768, Math.min(32_767, Math.round(change(sample)))));
    assert.equal(hear(changed((sample) => sample + 2500 * random.normal())), TEXT);
    assert.equal(hear(changed((sample) => sample / 200)), TEXT);
    assert.equal(hear(changed((sample) => sample * 3)), TEXT); // clipped
    const padded = new Int16Array(samples.length + 20_000);
    padded.set(samples, 12_345);
    assert.equal(hear(padded), TEXT);
    assert.equal(hear(samples.subarray(500)), TEXT.slice("Hello ".length));
  });

  test("a clip that is cut carries the words before the cut", () => {
    const samples = speak("one two three four five six", MANNER);
    assert.equal(hear(samples.subarray(0, samples.length / 2)), "one two three");
  });

  test("a damaged word is left out, the others are heard", () => {
    const samples = speak("one two three four", MANNER);
    const third = Math.round((9 / 22) * samples.length); // by letters, spaces included, and one more for each word
    samples.fill(0, third + 600, third + 900);
    assert.equal(hear(samples), "one two four");
  });

  test("silence, noise, music and beeps carry nothing", () => {
    const random = new SeededRandom("foreign");
    const sine = (hz: number, n: number): number => Math.sin((2 * Math.PI * hz * n) / RATE);
    const sounds: readonly ((n: number) => number)[] = [
      () => 0,
      () => 8000 * random.normal(),
      (n) => 12_000 * sine(400, n),
      (n) => 12_000 * sine(n % 240 < 120 ? 400 : 600, n), // its own pilots, and nothing after them
      (n) => 6000 * (sine(220, n) + sine(277, n) + sine(330, n)),
      (n) => 12_000 * sine(300 + n / 20, n),
    ];
    for (const [index, sound] of sounds.entries()) {
      assert.equal(hear(Int16Array.from({ length: RATE }, (_, n) => sound(n))), "", `sound ${index}`);
    }
  });

  test("the bytes are the same on every runtime", () => {
    const digest = createHash("sha256")
      .update(Buffer.from(speak(TEXT, MANNER).buffer))
      .digest("hex");
    assert.equal(digest.slice(0, 16), "017c7457f3f9ad7c"); // the same on Node 26, Deno 2 and Bun 1
  });
});

suite("WAV files", () => {
  test("stereo is mixed, a header that promises too much is not believed", () => {
    const mono = speak(TEXT, MANNER);
    const stereo = Int16Array.from({ length: 2 * mono.length }, (_, n) => (n % 2 === 0 ? mono[n >> 1]! : 0));
    const file = writeWavFile(stereo, RATE, 2);
    file.writeUInt32LE(0xffff_ffff, 40);
    const sound = parseWav(file)!;
    assert.equal(sound.samples.length, mono.length);
    assert.equal(hear(sound.samples), TEXT);
  });

  test("8, 24 and 32 bits and floating point are read", () => {
    const mono = speak("Hello", MANNER);
    const encodings: readonly (readonly [
      code: number,
      bits: number,
      write: (b: Buffer, s: number, at: number) => void,
    ])[] = [
      [1, 8, (bytes, sample, at) => bytes.writeUInt8(Math.floor(sample / 256) + 128, at)],
      [1, 24, (bytes, sample, at) => bytes.writeIntLE(sample * 256, at, 3)],
      [1, 32, (bytes, sample, at) => bytes.writeInt32LE(sample * 65_536, at)],
      [3, 32, (bytes, sample, at) => bytes.writeFloatLE(sample / 32_768, at)],
    ];
    for (const [code, bits, write] of encodings) {
      const header = writeWavFile(new Int16Array(), RATE);
      const data = Buffer.alloc((mono.length * bits) / 8);
      mono.forEach((sample, n) => write(data, sample, (n * bits) / 8));
      header.writeUInt16LE(code, 20);
      header.writeUInt16LE(bits, 34);
      header.writeUInt32LE(data.length, 40);
      assert.equal(hear(parseWav(Buffer.concat([header, data]))!.samples), "Hello", `${code} ${bits}`);
    }
  });

  test("bytes that are none, or damaged ones, are refused or read as far as they go", () => {
    const file = writeWavFile(speak("Hello", MANNER), RATE);
    fc.assert(
      fc.property(fc.nat(60), fc.uint8Array({ maxLength: 8 }), fc.nat(file.length), (at, bytes, length) => {
        const damaged = Buffer.from(file.subarray(0, length));
        damaged.set(bytes.subarray(0, Math.max(0, damaged.length - at)), Math.min(at, damaged.length));
        const sound = parseWav(damaged);
        assert.ok(sound === undefined || sound.samples.every(Number.isFinite));
      }),
      { numRuns: 300, seed: 1 },
    );
  });
});
