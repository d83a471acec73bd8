import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import { suite, test } from "node:test";
import { VirtualClock } from "../../../lib/base/virtual_clock.ts";
import { FaultLog } from "../../../lib/mocks/faults/fault_log.ts";
import { MockVoiceServer } from "../../../lib/mocks/voice/mock_voice_server.ts";
import type { VoiceFault } from "../../../lib/mocks/voice/voice_faults.ts";
import type { MockVoiceOptions } from "../../../lib/mocks/voice/voice_options.ts";
import { play, RoomClient } from "./_companion.ts";
import { readWavFile } from "./_wav_file.ts";

const FAST = { transcriptionMs: 0, transcriptionRatio: 0, firstByteMs: 0, speechRatio: 0 };

/** A voice mock on a virtual clock, and plain requests to it. */
class Service implements AsyncDisposable {
  readonly clock = new VirtualClock();
  readonly faultLog = new FaultLog();
  voice!: MockVoiceServer;

  static async listen(options: MockVoiceOptions = {}): Promise<Service> {
    const service = new Service();
    const { clock, faultLog } = service;
    service.voice = await MockVoiceServer.listen({ ...FAST, clock, faultLog, ...options });
    return service;
  }

  get rules(): readonly string[] {
    return [...this.voice.violations].map(({ rule }) => rule);
  }

  get headers(): Record<string, string> {
    return { authorization: `Bearer ${this.voice.token}` };
  }

  inject(fault: VoiceFault): void {
    this.voice.injectFault(fault, { times: 1 });
  }

  transcribe(text = "Hello Demi"): Promise<Response> {
    const body = new FormData();
    body.set("model", "whisper-1");
    body.set("file", new File([this.voice.clip(text)], "a.wav"));
    return fetch(`${this.voice.url}/audio/transcriptions`, { method: "POST", body, headers: this.headers });
  }

  speak(signal?: AbortSignal): Promise<Response> {
    const body = JSON.stringify({ model: "tts-1", voice: "nova", input: "Hello Demi" });
    const init = { method: "POST", body, headers: this.headers, ...(signal && { signal }) };
    return fetch(`${this.voice.url}/audio/speech`, init);
  }

  async run<T>(work: Promise<T>): Promise<T> {
    return await this.clock.advanceUntil(work);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.voice[Symbol.asyncDispose]();
  }
}

async function textOf(response: Promise<Response>): Promise<string> {
  return ((await (await response).json()) as { text: string }).text;
}

suite("faults of speech", () => {
  test("refusals carry a retry-after in seconds and milliseconds", async () => {
    await using service = await Service.listen();
    service.inject({ kind: "transcription-error", status: 429, retryAfterMs: 1500 });
    const { status, headers } = await service.transcribe();
    assert.deepEqual([status, headers.get("retry-after"), headers.get("retry-after-ms")], [429, "2", "1500"]);
    service.inject({ kind: "speech-error", status: 503 });
    assert.equal((await service.speak()).status, 503);
  });

  test("transcriptions are slow, misheard, empty or broken", async () => {
    await using service = await Service.listen();
    service.inject({ kind: "transcription-slow", ms: 5000 });
    assert.equal(await service.run(textOf(service.transcribe())), "Hello Demi");
    assert.equal(service.clock.monotonicMs(), 5000);
    service.inject({ kind: "transcription-garbled" });
    assert.equal(await textOf(service.transcribe()), "olleH imeD");
    service.inject({ kind: "transcription-empty" });
    assert.equal(await textOf(service.transcribe()), "");
    service.inject({ kind: "transcription-malformed" });
    await assert.rejects(textOf(service.transcribe()), SyntaxError);
    assert.equal(await textOf(service.transcribe()), "Hello Demi");
  });

  test("speech is slow, silent, or ends early as if it were whole", async () => {
    await using service = await Service.listen();
    const fileOf = async (): Promise<Buffer> => Buffer.from(await (await service.speak()).arrayBuffer());
    const whole = await fileOf();
    service.inject({ kind: "speech-slow", ms: 3000 });
    assert.deepEqual(await service.run(fileOf()), whole);
    assert.equal(service.clock.monotonicMs(), 3000);
    service.inject({ kind: "speech-silent" });
    const { samples, seconds } = readWavFile(await fileOf());
    assert.ok(samples.every((sample) => sample === 0));
    assert.equal(seconds, readWavFile(whole).seconds);
    service.inject({ kind: "speech-truncated", afterRatio: 0.25 });
    const cut = await fileOf();
    assert.equal(cut.length - 44, (whole.length - 44) / 4);
    assert.deepEqual(cut, whole.subarray(0, cut.length), "the header promises what does not come");
  });

  test("a stall is held against a client that never gives up, and not against one that does", async () => {
    for (const [afterMs, rules] of [
      [30_000, []],
      [130_000, ["no-timeout-on-stalled-stream"]],
    ] as const) {
      await using service = await Service.listen();
      service.inject({ kind: "speech-stall" });
      const patience = new AbortController();
      const response = await service.speak(patience.signal);
      const body = response.arrayBuffer();
      service.clock.setTimer(() => patience.abort(), afterMs);
      await assert.rejects(service.run(body), { name: "AbortError" });
      assert.deepEqual(service.rules, rules);
    }
  });

  test("are logged, and the same ones give the same hash", async () => {
    const hashes = new Set<string>();
    for (let n = 0; n < 2; n++) {
      await using service = await Service.listen();
      service.inject({ kind: "transcription-garbled" });
      service.inject({ kind: "speech-silent" });
      await Promise.all([service.transcribe(), service.speak()]);
      assert.equal(service.faultLog.total, 2);
      hashes.add(service.faultLog.hash);
    }
    assert.equal(hashes.size, 1);
  });

  test("schedules that make no sense are refused", async () => {
    await using service = await Service.listen();
    assert.throws(
      () => service.voice.injectFault({ kind: "speech-silent" }, { probability: 2 }),
      /'probability' must be in \[0, 1\], got 2$/,
    );
  });
});

suite("what speech holds against a client", () => {
  test("coming back before retry-after", async () => {
    await using service = await Service.listen();
    service.inject({ kind: "transcription-error", status: 429, retryAfterMs: 10_000 });
    await service.transcribe();
    await service.transcribe();
    assert.deepEqual(service.rules, ["ignored-retry-after"]);
    const [violation] = service.voice.violations;
    assert.match(violation!.message, /must wait as long as 'retry-after' says/);
    assert.equal(violation!.evidence.length, 2);
  });

  test("not waiting as long in virtual time only, nor other requests meanwhile", async () => {
    await using service = await Service.listen();
    service.inject({ kind: "transcription-error", status: 429, retryAfterMs: 10_000 });
    await service.transcribe();
    await service.transcribe("something else");
    await service.speak();
    await service.clock.advance(10_000);
    await service.transcribe();
    assert.deepEqual(service.rules, []);
  });

  test("retrying without a pause, and without an end", async () => {
    await using service = await Service.listen();
    service.voice.injectFault({ kind: "transcription-error", status: 500 });
    for (let n = 0; n < 4; n++) await service.transcribe();
    assert.deepEqual(service.rules, [], "three quick retries are what libraries do");
    for (let n = 0; n < 28; n++) await service.transcribe("Hello");
    assert.deepEqual(service.rules, ["no-backoff"]);
    for (let n = 0; n < 2; n++) await service.transcribe("Hello");
    assert.deepEqual(service.rules, ["no-backoff", "retry-storm"]);
  });

  test("opening the room again and again without a pause", async () => {
    await using service = await Service.listen();
    void service.voice.outage(Infinity, { kind: "unavailable" });
    const knock = (): Promise<unknown> => RoomClient.connect(service.voice).catch(() => undefined);
    for (let n = 0; n < 20; n++) {
      await knock();
      await service.clock.advance(500); // as discord.js does at its gateway
    }
    assert.deepEqual(service.rules, []);
    for (let n = 0; n < 8; n++) await knock();
    assert.deepEqual(service.rules, ["no-backoff"]);
    void service.voice.outage(Infinity, { kind: "reset" });
    const tried = (): readonly string[] => [...service.voice.violations].map(({ subject }) => subject);
    for (let n = 0; n < 39; n++) await knock();
    assert.ok(!tried().includes("connections"), "many people at once may try as many at once");
    for (let n = 0; n < 2; n++) await knock();
    assert.ok(tried().includes("connections"));
  });
});

suite("what the room holds against a companion", () => {
  const cases: readonly (readonly [
    rule: string | undefined,
    name: string,
    act: (client: RoomClient, service: Service) => Promise<void> | void,
  ])[] = [
    [undefined, "an answer", (client) => answer(client, "item_0")],
    [
      "double-reply",
      "two answers to one utterance",
      async (client) => {
        await answer(client, "item_0");
        await answer(client, "item_0");
      },
    ],
    ["reply-to-wrong-place", "an answer to nobody", (client) => answer(client, "item_99")],
    ["protocol-error", "a message that is no JSON", (client) => client.socket.send("{")],
    ["protocol-error", "a message of no known type", (client) => client.tell({ type: "hello" })],
    ["protocol-error", "audio outside of a reply", (client) => client.socket.send(Buffer.alloc(1920))],
    [
      "protocol-error",
      "half a sample",
      (client) => {
        client.tell({ type: "reply_started" });
        client.socket.send(Buffer.alloc(1921));
      },
    ],
    [
      "protocol-error",
      "a second of audio in one frame",
      (client) => {
        client.tell({ type: "reply_started" });
        client.socket.send(Buffer.alloc(48_000));
      },
    ],
    ["protocol-error", "an end without a beginning", (client) => client.tell({ type: "reply_stopped" })],
    [
      "protocol-error",
      "a reply without an end",
      async (client, { clock, voice }) => {
        client.tell({ type: "reply_started" });
        await voice.calls.waitFor(({ method }) => method === "reply_started");
        // how long a silence is already is looked at in real time, too
        while (voice.violations.length === 0) await clock.advance(1000);
      },
    ],
  ];

  async function answer(client: RoomClient, in_reply_to: string): Promise<void> {
    client.tell({ type: "reply_started", in_reply_to });
    client.socket.send(Buffer.alloc(1920));
    client.tell({ type: "reply_stopped" });
  }

  for (const [rule, name, act] of cases) {
    test(`${rule ?? "nothing"}: ${name}`, async () => {
      await using service = await Service.listen({ replyPatienceMs: 50 });
      await using client = await RoomClient.connect(service.voice);
      service.voice.say("ada", "Hello");
      while (!client.types.includes("speech_stopped")) await service.clock.advance(40);
      await act(client, service);
      const seen = service.voice.calls.waitFor(({ method }) => method === "reply_skipped");
      client.tell({ type: "reply_skipped", in_reply_to: "item_0" });
      await seen;
      assert.deepEqual(service.rules, rule === undefined ? [] : [rule]);
    });
  }

  test("talks-over-the-user: going on after an interruption for longer than half a second", async () => {
    for (const [goesOnMs, rules] of [
      [200, []],
      [1000, ["talks-over-the-user"]],
    ] as const) {
      await using service = await Service.listen();
      const { clock, voice } = service;
      await using client = await RoomClient.connect(voice);
      let limitMs = Infinity;
      client.onMessage = ({ type }) => {
        if (type === "interrupted") limitMs = clock.monotonicMs() + goesOnMs;
      };
      client.tell({ type: "reply_started" });
      const said = play(client, clock, Buffer.alloc(480_000), () => clock.monotonicMs() > limitMs);
      await clock.advance(400);
      voice.say("ada", "excuse me please may I say something");
      await clock.advanceUntil(said);
      client.tell({ type: "reply_stopped" });
      await voice.calls.waitFor(({ method }) => method === "reply_stopped");
      assert.deepEqual(service.rules, rules);
    }
  });

  test("talks-over-the-user: beginning while a user speaks", async () => {
    await using service = await Service.listen();
    const { clock, voice } = service;
    await using client = await RoomClient.connect(voice);
    voice.say("ada", "this is a rather long sentence of mine");
    await clock.advance(1000);
    const seen = voice.calls.waitFor(({ method }) => method === "reply_started");
    client.tell({ type: "reply_started" });
    await seen;
    assert.deepEqual(service.rules, ["talks-over-the-user"]);
    assert.equal((await client.see("interrupted")).type, "interrupted");
  });

  test("a dropped connection, garbage, and what comes twice, are the room's doing", async () => {
    await using service = await Service.listen({ replyPatienceMs: 50 });
    const { clock, voice } = service;
    await using client = await RoomClient.connect(voice);
    let garbage = 0;
    client.socket.removeAllListeners("message");
    const types: string[] = [];
    client.socket.on("message", (data, isBinary) => {
      if (isBinary) return;
      try {
        types.push((JSON.parse((data as Buffer).toString()) as { type: string }).type);
      } catch {
        garbage++;
      }
    });
    service.inject({ kind: "room-garbage" });
    service.inject({ kind: "room-duplicate" });
    for (const text of ["one", "two"]) {
      const said = voice.say("ada", text);
      while (said.state !== "heard") await clock.advance(100);
    }
    while (types.length < 6) await setImmediate();
    assert.deepEqual(
      types,
      ["started", "stopped", "started", "stopped", "started", "stopped"].map((each) => `speech_${each}`),
    );
    assert.equal(garbage, 1);
    service.inject({ kind: "room-drop" });
    const lost = voice.say("ada", "three");
    await clock.advance(3000);
    assert.deepEqual([lost.state, voice.connectedSessions], ["lost", 0]);
    assert.deepEqual(service.rules, []);
  });
});
