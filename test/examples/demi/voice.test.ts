import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import { suite, test } from "node:test";
import { PocketDemi } from "../../../examples/demi/pocket_demi.ts";
import type { PlatformHealth } from "../../../lib/base/platform_health.ts";
import { VirtualClock } from "../../../lib/base/virtual_clock.ts";
import type { CompanionEnvironment, HandledMessage } from "../../../lib/harness/companion.ts";
import { MockAndroidClient } from "../../../lib/mocks/android/mock_android_client.ts";
import { MockOllamaServer } from "../../../lib/mocks/ollama/mock_ollama_server.ts";
import type { MockVoiceOptions, VoiceReply } from "../../../lib/mocks/voice/voice_options.ts";
import { MockVoiceServer } from "../../../lib/mocks/voice/mock_voice_server.ts";
import { DemiProcess, fetchJson, temporaryDirectory } from "./_demi.ts";

const HEARING = { transcriptionMs: 200, transcriptionRatio: 0, firstByteMs: 300, speechRatio: 0 };
const THINKING = { firstTokenMs: 500, tokensPerSecond: 100 };

/** Demi in a voice room, on a virtual clock. */
class SpokenDemi implements AsyncDisposable {
  readonly clock = new VirtualClock();
  readonly demi = new PocketDemi();
  readonly handled: HandledMessage[] = [];
  readonly #ends = new AsyncDisposableStack();
  voice!: MockVoiceServer;
  ollama!: MockOllamaServer;

  static async wake(
    options: MockVoiceOptions = {},
    env: Partial<CompanionEnvironment> = {},
  ): Promise<SpokenDemi> {
    const room = new SpokenDemi();
    const { clock, demi } = room;
    const directory = room.#ends.use(temporaryDirectory());
    room.voice = room.#ends.use(
      await MockVoiceServer.listen({ clock, ...HEARING, jitterRatio: 0, ...options }),
    );
    const replies = [[/./, ({ text }: { text: string }) => `You said ${text}`]] as const;
    room.ollama = room.#ends.use(
      await MockOllamaServer.listen({ clock, ...THINKING, jitterRatio: 0, replies: [...replies] }),
    );
    const observer = { messageHandled: (message: HandledMessage) => room.handled.push(message) };
    const { voice, ollama } = room;
    room.#ends.defer(() => demi.stop());
    await demi.start({ dataDirectory: directory.path, clock, voice, ollama, observer, ...env });
    return room;
  }

  async ask(user: string, text: string): Promise<VoiceReply> {
    return await this.clock.advanceUntil(this.voice.waitForReply({ to: this.voice.say(user, text) }));
  }

  async health(): Promise<PlatformHealth> {
    return (await this.demi.health()).find(({ name }) => name === "voice")!;
  }

  /** Lets time pass until what Demi says of the room is as wanted. */
  async until(isWanted: (health: PlatformHealth) => boolean): Promise<PlatformHealth> {
    for (let steps = 0; steps < 2000; steps++) {
      const health = await this.health();
      if (isWanted(health)) return health;
      await setImmediate();
      await this.clock.advance(100);
    }
    throw new Error(`Cannot see what is wanted of voice, got ${JSON.stringify(await this.health())}`);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#ends.disposeAsync();
  }
}

suite("Demi in a voice room", () => {
  test("hears, feels, and answers aloud, in the time that hearing, thinking and speaking take", async () => {
    await using room = await SpokenDemi.wake();
    assert.equal((await room.health()).status, "online");
    const before = await room.demi.emotions();
    const startMs = room.clock.now();
    const reply = await room.ask("ada", "I love you");
    assert.equal(reply.text, "You said I love you");
    assert.ok((await room.demi.emotions()).affection > before.affection);
    const thinkingMs = 500 + 10 * 4; // five tokens
    assert.equal(room.handled[0]?.responseTimeMs, 200 + thinkingMs + 300);
    const spokenMs = 1120 + 13 * 40 - 40; // three words, and silence until it is clear that they are over
    assert.ok(Math.abs(reply.startedAt - startMs - (spokenMs + 200 + thinkingMs + 300)) <= 80);
    assert.equal(reply.endedAt - reply.startedAt, reply.durationMs);
    assert.deepEqual([...room.voice.violations], []);
  });

  test("remembers each user's conversation, and shares her feelings with Android", async () => {
    await using room = await SpokenDemi.wake({}, { listen: { host: "127.0.0.1", port: 0 } });
    await room.ask("ada", "I love you");
    await room.ask("ada", "What did I say?");
    await room.ask("grace", "Hello");
    assert.deepEqual(
      [...room.ollama.calls].map(({ messages }) => messages),
      [2, 4, 2],
    );
    const { affection } = await room.demi.emotions();
    const { clock } = room;
    const login = {
      url: room.demi.url!,
      email: "ada@example.org",
      password: "x",
      deviceName: "phone",
      clock,
    };
    await using app = await MockAndroidClient.connect(login);
    const { emotionState } = await clock.advanceUntil(app.sendAndWait("Hello"));
    assert.ok((emotionState as { affection: number }).affection > affection - 0.05);
  });

  test("falls silent when a user speaks into her answer, and answers that", async () => {
    await using room = await SpokenDemi.wake();
    const first = room.voice.say("ada", "tell me a long story about the sea and the ships and the wind");
    const answered = room.voice.waitForReply({ to: first });
    while (room.handled.length === 0) await room.clock.advance(100);
    await room.clock.advance(1000);
    const second = room.voice.say("ada", "wait");
    assert.equal((await room.clock.advanceUntil(answered)).isInterrupted, true);
    const { text } = await room.clock.advanceUntil(room.voice.waitForReply({ to: second }));
    assert.equal(text, "You said wait");
    assert.deepEqual([...room.voice.violations], []);
  });

  test("answers once what she is told twice, and nothing where nothing was said", async () => {
    await using room = await SpokenDemi.wake();
    using _twice = room.voice.injectFault({ kind: "room-duplicate" }, { times: 1 });
    assert.equal((await room.ask("ada", "Hello")).text, "You said Hello");
    using _deaf = room.voice.injectFault({ kind: "transcription-empty" }, { times: 1 });
    room.voice.say("ada", "a cough");
    await room.clock.advance(10_000);
    assert.equal(room.voice.replies.length, 1);
    assert.deepEqual([...room.voice.violations], []);
  });

  for (const [name, fault] of [
    ["a refused transcription", { kind: "transcription-error", status: 503, retryAfterMs: 1000 }],
    ["a broken transcription", { kind: "transcription-malformed" }],
    ["refused speech", { kind: "speech-error", status: 429, retryAfterMs: 2000 }],
    ["truncated speech", { kind: "speech-truncated" }],
    ["garbage in the room", { kind: "room-garbage" }],
  ] as const) {
    test(`gets over ${name}`, async () => {
      await using room = await SpokenDemi.wake();
      using _fault = room.voice.injectFault(fault, { times: 1 });
      assert.equal((await room.ask("ada", "Hello")).text, "You said Hello");
      assert.deepEqual([...room.voice.violations], []);
    });
  }

  test("says that she did not hear, when hearing stalls, and is no longer held by it", async () => {
    await using room = await SpokenDemi.wake();
    using _stall = room.voice.injectFault({ kind: "transcription-stall" }, { times: 1 });
    const startMs = room.clock.now();
    assert.match((await room.ask("ada", "Hello")).text, /did not catch/);
    assert.ok(room.clock.now() - startMs < 30_000);
    assert.equal((await room.ask("ada", "Hello")).text, "You said Hello");
    assert.deepEqual([...room.voice.violations], []);
  });

  test("opens her breaker when speech keeps failing, says so, and recovers", async () => {
    await using room = await SpokenDemi.wake();
    const fault = room.voice.injectFault({ kind: "transcription-error", status: 500 });
    for (let n = 0; n < 5; n++) assert.match((await room.ask("ada", `Hello ${n}`)).text, /did not catch/);
    const { status, breaker, error } = await room.health();
    assert.equal(status, "offline"); // who answers nobody is not online
    assert.notEqual(breaker, "closed");
    assert.match(error!, /http_500/);
    fault[Symbol.dispose]();
    assert.equal((await room.ask("ada", "Hello")).text, "You said Hello");
    assert.deepEqual(await room.health().then(({ status, breaker }) => [status, breaker]), [
      "online",
      "closed",
    ]);
    assert.deepEqual([...room.voice.violations], []);
  });

  for (const kind of ["unavailable", "reset"] as const) {
    test(`comes back into the room after an outage (${kind})`, async () => {
      await using room = await SpokenDemi.wake();
      void room.voice.outage(600_000, { kind });
      const lost = await room.until(({ status }) => status === "offline");
      assert.ok(lost.error);
      await room.clock.advance(600_000);
      await room.until(({ status }) => status === "online");
      assert.equal((await room.ask("ada", "Are you back?")).text, "You said Are you back?");
      assert.deepEqual([...room.voice.violations], []);
    });
  }

  test("waits a minute after a token was refused", async () => {
    const access = { url: "", token: "wrong" };
    await using voice = await MockVoiceServer.listen();
    await using room = await SpokenDemi.wake({}, { voice: { ...access, url: voice.url } });
    assert.equal((await room.health()).status, "offline");
    await room.clock.advance(50_000);
    assert.equal((await room.health()).errors, 1);
    await room.clock.advance(10_000);
    await room.until(({ errors }) => errors === 2);
  });

  test("says aloud what she thinks of her own accord", async () => {
    await using room = await SpokenDemi.wake();
    const next = room.voice.waitForReply({ timeoutMs: 86_400_000 });
    const { text, inReplyTo } = await room.clock.advanceUntil(next);
    assert.deepEqual([text !== "", inReplyTo], [true, undefined]);
  });

  test("crash() and stop() end her connection; stop() while she speaks lets nothing hang", async () => {
    for (const end of ["crash", "stop"] as const) {
      await using room = await SpokenDemi.wake();
      room.voice.say("ada", "Hello");
      while (room.handled.length === 0) await room.clock.advance(100);
      await room.demi[end]();
      while (room.voice.connectedSessions > 0) await setImmediate();
    }
  });

  test("as a process of her own", async () => {
    using directory = temporaryDirectory();
    await using voice = await MockVoiceServer.listen({ endSilenceMs: 100 });
    await using ollama = await MockOllamaServer.listen({ replies: [[/./, "Hi"]] });
    const ears = ["--voice-url", voice.url, "--voice-token", voice.token];
    const args = [...ears, "--ollama-url", ollama.url, "--model", ollama.model];
    await using demi = await DemiProcess.start(directory.path, ...args);
    await voice.whenConnected();
    const { text } = await voice.waitForReply({ to: voice.say("ada", "Hi") });
    assert.equal(text, "Hi");
    const { json } = await fetchJson(`${demi.url}/api/platforms`);
    assert.equal((json["platforms"] as { voice: { status: string } }).voice.status, "online");
    assert.deepEqual([...voice.violations], []);
  });
});
