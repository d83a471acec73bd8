import assert from "node:assert/strict";
import { suite, test } from "node:test";
import OpenAI, { toFile } from "openai";
import { VirtualClock } from "../../../lib/base/virtual_clock.ts";
import type { MockVoiceOptions } from "../../../lib/mocks/voice/voice_options.ts";
import { MockVoiceServer } from "../../../lib/mocks/voice/mock_voice_server.ts";
import { readWavFile } from "./_wav_file.ts";

const FAST = { transcriptionMs: 0, transcriptionRatio: 0, firstByteMs: 0, speechRatio: 0 };
const SENTENCES = "Hello Demi, how are you? I am fine.";

function clientOf(voice: MockVoiceServer, options: { apiKey?: string; maxRetries?: number } = {}): OpenAI {
  return new OpenAI({ baseURL: voice.url, apiKey: voice.token, maxRetries: 0, ...options });
}

function clipOf(voice: MockVoiceServer, text: string): Promise<File> {
  return toFile(voice.clip(text), "clip.wav") as Promise<File>;
}

async function listen(options: MockVoiceOptions = {}): Promise<MockVoiceServer> {
  return await MockVoiceServer.listen({ ...FAST, ...options });
}

async function bytesOf(response: Response | { arrayBuffer(): Promise<ArrayBuffer> }): Promise<Buffer> {
  return Buffer.from(await response.arrayBuffer());
}

suite("transcriptions, with the openai client", () => {
  test("json: the words of the clip, from the clip", async () => {
    await using voice = await listen();
    const file = await clipOf(voice, "Grüße an Demi 你好 🎉");
    const { text, usage } = await clientOf(voice).audio.transcriptions.create({ file, model: "whisper-1" });
    assert.equal(text, "Grüße an Demi 你好 🎉");
    assert.equal(usage?.type, "duration");
  });

  test("verbose_json: sentences and words, with times that follow one another", async () => {
    await using voice = await listen();
    const verbose = await clientOf(voice).audio.transcriptions.create({
      file: await clipOf(voice, SENTENCES),
      model: "whisper-1",
      response_format: "verbose_json",
      timestamp_granularities: ["word", "segment"],
    });
    assert.deepEqual(
      verbose.segments?.map(({ text }) => text.trim()),
      ["Hello Demi, how are you?", "I am fine."],
    );
    assert.deepEqual(
      verbose.words?.map(({ word }) => word),
      SENTENCES.split(" "),
    );
    for (const [index, { start, end }] of verbose.words!.entries()) {
      assert.ok(end > start, `word ${index}`);
      assert.ok(index === 0 || start >= verbose.words![index - 1]!.end, `word ${index}`);
    }
    assert.ok(Math.abs(verbose.words!.at(-1)!.end - verbose.duration) < 0.1);
    assert.equal(verbose.duration, 3);
  });

  test("verbose_json gives words only where they are asked for", async () => {
    await using voice = await listen();
    const verbose = await clientOf(voice).audio.transcriptions.create({
      file: await clipOf(voice, SENTENCES),
      model: "whisper-1",
      response_format: "verbose_json",
    });
    assert.equal(verbose.words, undefined);
    assert.equal(verbose.segments?.length, 2);
  });

  test("text, srt and vtt are plain text", async () => {
    await using voice = await listen();
    const file = await clipOf(voice, "Hello Demi. Good night.");
    const ask = (response_format: "text" | "srt" | "vtt"): Promise<string> =>
      clientOf(voice).audio.transcriptions.create({ file, model: "whisper-1", response_format });
    assert.equal(await ask("text"), "Hello Demi. Good night.\n");
    assert.match(
      await ask("srt"),
      /^1\n00:00:00,000 --> 00:00:00,\d{3}\nHello Demi\.\n\n2\n00:00:00,\d{3} --> 00:00:01,\d{3}\nGood night\.\n\n$/,
    );
    assert.match(
      await ask("vtt"),
      /^WEBVTT\n\n00:00:00\.000 --> 00:00:00\.\d{3}\nHello Demi\.\n\n00:00:00\.\d{3} --> 00:00:01\.\d{3}\nGood night\.\n\n$/,
    );
  });

  test("a stream tells the text in parts, and at last whole", async () => {
    await using voice = await listen();
    const stream = await clientOf(voice).audio.transcriptions.create({
      file: await clipOf(voice, SENTENCES),
      model: "gpt-4o-mini-transcribe",
      stream: true,
    });
    let [deltas, parts, done] = ["", 0, ""];
    for await (const event of stream) {
      if (event.type === "transcript.text.delta") [deltas, parts] = [deltas + event.delta, parts + 1];
      if (event.type === "transcript.text.done") done = event.text;
    }
    assert.equal(deltas, SENTENCES);
    assert.equal(done, SENTENCES);
    assert.equal(parts, 8);
  });

  test("translations answer as transcriptions do", async () => {
    await using voice = await listen();
    const file = await clipOf(voice, "Hello Demi");
    const { text } = await clientOf(voice).audio.translations.create({ file, model: "whisper-1" });
    assert.equal(text, "Hello Demi");
  });

  test("what carries no words is nothing, or what was scripted for its length", async () => {
    const silence = (seconds: number): Promise<File> => {
      const wav = Buffer.alloc(44 + 48_000 * seconds);
      wav.write(
        "RIFF    WAVEfmt \u0010\0\0\0\u0001\0\u0001\0\u00c0\u005d\0\0\u0080\u00bb\0\0\u0002\0\u0010\0data",
        "latin1",
      );
      wav.writeUInt32LE(wav.length - 44, 40);
      return toFile(wav, "silence.wav") as Promise<File>;
    };
    const ask = async (voice: MockVoiceServer, seconds: number): Promise<string> => {
      const file = await silence(seconds);
      return (await clientOf(voice).audio.transcriptions.create({ file, model: "whisper-1" })).text;
    };
    await using plain = await listen();
    assert.equal(await ask(plain, 1), "");
    await using ruled = await listen({ transcripts: [{ maxMs: 2000, text: "short" }, { text: "long" }] });
    assert.deepEqual([await ask(ruled, 1), await ask(ruled, 2)], ["short", "long"]);
    await using scripted = await listen({
      transcripts: ({ durationMs, fileName }) => `${durationMs} ${fileName}`,
    });
    assert.equal(await ask(scripted, 1), "1000 silence.wav");
  });

  test("a recording in another container is heard as one without words", async () => {
    await using voice = await listen();
    const file = await toFile(Buffer.from("OggS and so on"), "clip.ogg");
    assert.equal((await clientOf(voice).audio.transcriptions.create({ file, model: "whisper-1" })).text, "");
  });

  test("takes a base time and a share of the clip's length, on the clock", async () => {
    const clock = new VirtualClock();
    const timing = { transcriptionMs: 100, transcriptionRatio: 0.5, jitterRatio: 0 };
    await using voice = await MockVoiceServer.listen({ clock, ...timing });
    const file = await clipOf(voice, "eight words are three seconds of clear speech");
    const asked = clientOf(voice).audio.transcriptions.create({ file, model: "whisper-1" });
    await clock.advanceUntil(asked);
    assert.equal(voice.calls.at(-1)?.durationMs, 1600);
  });
});

suite("speech, with the openai client", () => {
  const speech = { model: "tts-1", voice: "nova" } as const;

  test("is a playable WAV file of 150 to 170 words a minute, which can be transcribed", async () => {
    await using voice = await listen();
    const input = "The quick brown fox jumps over the lazy dog, and then it sleeps for a while.";
    const response = await clientOf(voice).audio.speech.create({ ...speech, input, response_format: "wav" });
    assert.equal(response.headers.get("content-type"), "audio/wav");
    const file = await bytesOf(response);
    const { channels, sampleRate, bitsPerSample, seconds, samples } = readWavFile(file);
    assert.deepEqual([channels, sampleRate, bitsPerSample], [1, 24_000, 16]);
    const wordsPerMinute = (16 / seconds) * 60;
    assert.ok(wordsPerMinute >= 150 && wordsPerMinute <= 170, `${wordsPerMinute}`);
    assert.ok(
      samples.some((sample) => Math.abs(sample) > 10_000) && samples.every((s) => Math.abs(s) < 32_767),
    );
    const heard = await clientOf(voice).audio.transcriptions.create({
      file: await toFile(file, "speech.wav"),
      model: "whisper-1",
    });
    assert.equal(heard.text, input);
  });

  test("pcm is the same audio without a header; half the speed takes twice as long", async () => {
    await using voice = await listen();
    const ask = async (response_format: "wav" | "pcm", speed: number): Promise<Buffer> =>
      bytesOf(
        await clientOf(voice).audio.speech.create({ ...speech, input: "Hello Demi", response_format, speed }),
      );
    const pcm = await ask("pcm", 1);
    assert.deepEqual((await ask("wav", 1)).subarray(44), pcm);
    assert.equal((await ask("pcm", 0.5)).length, 2 * pcm.length);
    assert.equal((await ask("pcm", 4)).length, pcm.length / 4);
  });

  test("voices differ, and the same request gives the same bytes", async () => {
    await using voice = await listen();
    const ask = async (name: "nova" | "onyx"): Promise<Buffer> =>
      bytesOf(await clientOf(voice).audio.speech.create({ model: "tts-1", voice: name, input: "Hello" }));
    assert.deepEqual(await ask("nova"), await ask("nova"));
    assert.notDeepEqual(await ask("nova"), await ask("onyx"));
  });

  test("comes in events where that is asked for", async () => {
    await using voice = await listen();
    const request = { ...speech, input: "one two three four five", response_format: "pcm" } as const;
    const response = await clientOf(voice).audio.speech.create({ ...request, stream_format: "sse" });
    const events = (await response.text())
      .trim()
      .split("\n\n")
      .map((each) => JSON.parse(each.slice(6)) as SpeechEvent);
    assert.deepEqual(
      events.map(({ type }) => type),
      [...Array(4).fill("speech.audio.delta"), "speech.audio.done"],
    );
    const audio = Buffer.concat(events.map((event) => Buffer.from(event.audio ?? "", "base64")));
    assert.deepEqual(audio, await bytesOf(await clientOf(voice).audio.speech.create(request)));
  });

  test("the first byte comes after its latency, the rest in the time of its length", async () => {
    const clock = new VirtualClock();
    const timing = { firstByteMs: 300, speechRatio: 0.2, jitterRatio: 0 };
    await using voice = await MockVoiceServer.listen({ clock, ...timing });
    const input = "eight words are three seconds of clear speech";
    const asked = clientOf(voice).audio.speech.create({ ...speech, input });
    const response = await clock.advanceUntil(asked);
    assert.equal(clock.monotonicMs(), 300);
    await clock.advanceUntil(response.arrayBuffer());
    assert.equal(voice.calls.at(-1)?.durationMs, 800); // six parts of half a second, the first at once
  });
});

interface SpeechEvent {
  readonly type: string;
  readonly audio?: string;
}

suite("errors, with the openai client", () => {
  const refused = async (work: Promise<unknown>): Promise<InstanceType<typeof OpenAI.APIError>> => {
    try {
      await work;
    } catch (error) {
      if (error instanceof OpenAI.APIError) return error;
      throw error;
    }
    return assert.fail("it was not refused");
  };

  test("401, 404 and 400 carry OpenAI's error object", async () => {
    await using voice = await listen();
    const file = await clipOf(voice, "Hello");
    const client = clientOf(voice);
    const speak = (more: object): Promise<unknown> =>
      Promise.resolve(client.audio.speech.create({ model: "tts-1", voice: "nova", input: "Hi", ...more }));
    const transcribe = (more: object): Promise<unknown> =>
      Promise.resolve(client.audio.transcriptions.create({ file, model: "whisper-1", ...more }));
    const wrong = clientOf(voice, { apiKey: "sk-wrong" });
    const cases = [
      [() => wrong.models.list(), 401, "invalid_api_key", null],
      [() => speak({ model: "nothing" }), 404, "model_not_found", null],
      [() => speak({ response_format: "mp3" }), 400, "unsupported_value", "response_format"],
      [() => speak({ voice: "nobody" }), 400, "invalid_value", "voice"],
      [() => speak({ speed: 9 }), 400, "invalid_value", "speed"],
      [() => speak({ input: "x".repeat(4097) }), 400, "string_above_max_length", "input"],
      [() => transcribe({ response_format: "yaml" }), 400, "unsupported_value", "response_format"],
      [() => transcribe({ file: new File(["no sound"], "a.wav") }), 400, null, null],
      [() => client.get("/nothing"), 404, null, null],
    ] as const;
    for (const [ask, status, code, param] of cases) {
      const error = await refused(Promise.resolve(ask()));
      assert.deepEqual([error.status, error.code ?? null, error.param ?? null], [status, code, param]);
      assert.ok((error.error as { message: string }).message);
    }
  });

  test("models are listed and looked up", async () => {
    await using voice = await listen({ models: ["whisper-1", "my/tts"] });
    const { data } = await clientOf(voice).models.list();
    assert.deepEqual(
      data.map(({ id }) => id),
      ["whisper-1", "my/tts"],
    );
    assert.equal((await clientOf(voice).models.retrieve("my/tts")).id, "my/tts");
  });

  test("a client that retries gets over errors, and nothing is held against it, whatever the clock says", async () => {
    await using voice = await listen({ clock: new VirtualClock() }); // which stands: the client waits in real time
    using _first = voice.injectFault(
      { kind: "transcription-error", status: 503, retryAfterMs: 50 },
      { times: 1 },
    );
    using _then = voice.injectFault(
      { kind: "transcription-error", status: 429, retryAfterMs: 100 },
      { times: 1 },
    );
    const file = await clipOf(voice, "Hello");
    const client = clientOf(voice, { maxRetries: 3 });
    assert.equal((await client.audio.transcriptions.create({ file, model: "whisper-1" })).text, "Hello");
    assert.deepEqual(
      [...voice.calls].map(({ status }) => status),
      [503, 429, 200],
    );
    assert.deepEqual([...voice.violations], []);
  });

  test("more requests a minute than allowed are refused with 429 until the minute is over", async () => {
    const clock = new VirtualClock();
    await using voice = await listen({ clock, requestsPerMinute: 1 });
    const ask = (): Promise<unknown> =>
      clock.advanceUntil(
        Promise.resolve(clientOf(voice).audio.speech.create({ model: "tts-1", voice: "nova", input: "Hi" })),
      );
    await ask();
    const { status, headers } = await refused(ask());
    assert.deepEqual([status, headers?.get("retry-after")], [429, "60"]);
    await clock.advance(60_000);
    await ask();
  });

  test("an outage resets connections until it is over", async () => {
    await using voice = await listen();
    const over = voice.outage(Infinity);
    assert.ok(voice.isDown);
    await assert.rejects(clientOf(voice).models.list(), OpenAI.APIConnectionError);
    voice.endOutage();
    await over;
    assert.ok((await clientOf(voice).models.list()).data.length > 0);
  });
});
