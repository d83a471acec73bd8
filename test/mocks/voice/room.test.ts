import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { DeadlineError } from "../../../lib/base/deadline.ts";
import { VirtualClock } from "../../../lib/base/virtual_clock.ts";
import { MockVoiceServer } from "../../../lib/mocks/voice/mock_voice_server.ts";
import type { MockVoiceOptions } from "../../../lib/mocks/voice/voice_options.ts";
import { joinRoom, play, RoomClient } from "./_companion.ts";

// Two words take 750 ms with a pause of 30 ms at their end: in frames of 40 ms, the last sound of "Hello Demi" is in the
// one that ends at 720 ms, and 13 silent ones later the utterance is over.
const SPOKEN_MS = 720 + 13 * 40;
const EXACT = {
  transcriptionMs: 200,
  transcriptionRatio: 0,
  firstByteMs: 300,
  speechRatio: 0,
  jitterRatio: 0,
};

async function virtualRoom(
  options: MockVoiceOptions = {},
): Promise<{ readonly clock: VirtualClock; readonly voice: MockVoiceServer } & AsyncDisposable> {
  const clock = new VirtualClock();
  const voice = await MockVoiceServer.listen({ clock, ...EXACT, ...options });
  return { clock, voice, [Symbol.asyncDispose]: () => voice[Symbol.asyncDispose]() };
}

suite("voice room", () => {
  test("an utterance is heard, and its answer heard back word for word, in the time that it takes", async () => {
    await using room = await virtualRoom();
    const { clock, voice } = room;
    await using client = await joinRoom(voice, (text, user) => `${user} said ${text}`, clock);
    const started = clock.now();
    const said = voice.say("ada", "Hello Demi");
    const reply = await clock.advanceUntil(voice.waitForReply({ to: said }));
    assert.equal(reply.text, "ada said Hello Demi");
    assert.equal(reply.inReplyTo, said.id);
    assert.equal(reply.durationMs, 1500);
    assert.equal(reply.isInterrupted, false);
    assert.equal(reply.startedAt - started, SPOKEN_MS + 200 + 300);
    assert.equal(reply.endedAt - reply.startedAt, 1500);
    assert.equal(said.state, "heard");
    assert.deepEqual(client.types, ["ready", "speech_started", "speech_stopped"]);
    assert.deepEqual([...voice.violations], []);
  });

  test("exchanges in the middle of a long day keep their timings", async () => {
    await using room = await virtualRoom();
    const { clock, voice } = room;
    await using _client = await joinRoom(voice, () => "two words", clock);
    const took: number[] = [];
    for (const atMs of [60_000, 3_600_000, 40_000_000]) {
      clock.setTimer(() => {
        const startMs = clock.now();
        void voice
          .waitForReply({ to: voice.say("ada", "Hello Demi") })
          .then(({ endedAt }) => took.push(endedAt - startMs));
      }, atMs);
    }
    await clock.advance(86_400_000);
    assert.deepEqual(took, Array(3).fill(SPOKEN_MS + 200 + 300 + 750));
  });

  test("works in real time", async () => {
    await using voice = await MockVoiceServer.listen({ ...EXACT, endSilenceMs: 100 });
    await using _client = await joinRoom(voice, (text) => text);
    const { text } = await voice.waitForReply({ to: voice.say("ada", "Hi") });
    assert.equal(text, "Hi");
    assert.deepEqual([...voice.violations], []);
  });

  test("what is said into an empty room is heard by nobody", async () => {
    await using room = await virtualRoom();
    const said = room.voice.say("ada", "Is anybody there?");
    assert.equal(said.state, "lost");
    await using _client = await joinRoom(room.voice, () => "too late", room.clock);
    const waiting = room.voice.waitForReply({ to: said, timeoutMs: 5000 });
    await assert.rejects(room.clock.advanceUntil(waiting), (error: Error) => {
      return error instanceof DeadlineError && error.message.includes("nobody heard");
    });
  });

  test("a user who speaks into the answer interrupts it; the next answer is whole", async () => {
    await using room = await virtualRoom();
    const { clock, voice } = room;
    await using client = await joinRoom(voice, (text) => `this is a long answer to ${text}`, clock);
    const first = voice.say("ada", "Hello");
    while (!client.types.includes("speech_stopped")) await clock.advance(40);
    await clock.advance(1500);
    const second = voice.say("ada", "Stop");
    const cut = await clock.advanceUntil(voice.waitForReply({ to: first }));
    assert.equal(cut.isInterrupted, true);
    assert.match(cut.text, /^this is a/);
    assert.doesNotMatch(cut.text, /Hello/);
    const { item_id, in_reply_to } = await client.see("interrupted");
    assert.deepEqual([item_id, in_reply_to], [cut.itemId, first.id]);
    const whole = await clock.advanceUntil(voice.waitForReply({ to: second }));
    assert.equal(whole.text, "this is a long answer to Stop");
    assert.deepEqual([...voice.violations], []);
  });

  test("other users wait until it is their turn, or interrupt when they are told to", async () => {
    await using room = await virtualRoom();
    const { clock, voice } = room;
    await using _client = await joinRoom(voice, (text) => `a rather long answer to ${text}`, clock);
    const [ada, grace] = [voice.say("ada", "one"), voice.say("grace", "two")];
    const answers = [ada, grace].map((to) => voice.waitForReply({ to }));
    const [one, two] = await clock.advanceUntil(Promise.all(answers));
    assert.deepEqual([one?.text, two?.text], ["a rather long answer to one", "a rather long answer to two"]);
    const three = voice.say("ada", "three");
    await clock.advance(3000);
    voice.say("linus", "four", { manners: "now" });
    assert.equal((await clock.advanceUntil(voice.waitForReply({ to: three }))).isInterrupted, true);
    assert.deepEqual([...voice.violations], []);
  });

  test("a companion may speak of its own accord, and send faster than it speaks", async () => {
    await using room = await virtualRoom();
    const { clock, voice } = room;
    await using client = await RoomClient.connect(voice);
    const next = voice.waitForReply();
    const pcm = voice.clip("I was thinking of you").subarray(44);
    client.tell({ type: "reply_started" });
    for (let at = 0; at < pcm.length; at += 4800) client.socket.send(pcm.subarray(at, at + 4800));
    const sent = voice.calls.waitFor(({ method }) => method === "reply_stopped");
    client.tell({ type: "reply_stopped" });
    await sent;
    const { text, inReplyTo, startedAt } = await clock.advanceUntil(next);
    assert.deepEqual([text, inReplyTo], ["I was thinking of you", undefined]);
    assert.equal(clock.now() - startedAt, 1875);
  });

  test("of what a companion sent ahead, a user who interrupts hears nothing more", async () => {
    await using room = await virtualRoom();
    const { clock, voice } = room;
    await using client = await RoomClient.connect(voice);
    const next = voice.waitForReply();
    const pcm = voice.clip("one two three four five six seven eight").subarray(44);
    client.tell({ type: "reply_started" });
    for (let at = 0; at < pcm.length; at += 4800) client.socket.send(pcm.subarray(at, at + 4800));
    const sent = voice.calls.waitFor(({ method }) => method === "reply_stopped");
    client.tell({ type: "reply_stopped" });
    await sent;
    await clock.advance(1000);
    voice.say("ada", "wait");
    const { text, durationMs, isInterrupted } = await clock.advanceUntil(next);
    assert.deepEqual([text, durationMs, isInterrupted], ["one two three", 1040, true]);
  });

  test("an answer that waits for another user to finish does not stop the clock", async () => {
    await using room = await virtualRoom({ replyPatienceMs: 600_000 });
    const { clock, voice } = room;
    await using client = await RoomClient.connect(voice);
    let isSpeaking = false;
    client.onMessage = ({ type, item_id }) => {
      isSpeaking = type === "speech_started";
      if (type !== "speech_stopped" || item_id !== "item_1") return;
      for (const in_reply_to of ["item_0", "item_1"]) {
        client.tell({ type: "reply_started", in_reply_to });
        client.socket.send(Buffer.alloc(1920));
        client.tell({ type: "reply_stopped" });
      }
    };
    const said = [voice.say("ada", "one"), voice.say("grace", "two three four", { manners: "now" })];
    const replies = await clock.advanceUntil(Promise.all(said.map((to) => voice.waitForReply({ to }))));
    assert.deepEqual([replies.length, isSpeaking], [2, false]);
    assert.deepEqual([...voice.violations], []);
  });

  test("a companion that skips an utterance holds nobody up", async () => {
    await using room = await virtualRoom({ replyPatienceMs: 600_000 });
    await using _client = await joinRoom(room.voice, () => "", room.clock);
    room.voice.say("ada", "Hello");
    await room.clock.advance(3_600_000);
    assert.deepEqual(
      [...room.voice.calls].map(({ method }) => method),
      ["connected", "POST", "reply_skipped"],
    );
  });

  test("a companion that waits on its clock after a refusal is not held up", async () => {
    await using room = await virtualRoom({ replyPatienceMs: 600_000 });
    const { clock, voice } = room;
    using _fault = voice.injectFault({ kind: "speech-error", status: 503 }, { times: 1 });
    await using client = await RoomClient.connect(voice);
    const speak = (): Promise<Response> =>
      fetch(`${voice.url}/audio/speech`, {
        method: "POST",
        headers: { authorization: `Bearer ${voice.token}` },
        body: JSON.stringify({ model: "tts-1", voice: "nova", input: "Hi", response_format: "pcm" }),
      });
    client.onMessage = async ({ type, item_id }) => {
      if (type !== "speech_stopped") return;
      await (await speak()).text();
      await clock.sleep(10_000);
      const pcm = Buffer.from(await (await speak()).arrayBuffer());
      client.tell({ type: "reply_started", in_reply_to: item_id });
      await play(client, clock, pcm);
      client.tell({ type: "reply_stopped" });
    };
    const { text, startedAt } = await clock.advanceUntil(
      voice.waitForReply({ to: voice.say("ada", "Hello") }),
    );
    assert.equal(text, "Hi");
    const shortest = 360 + 13 * 40 + 300 + 10_000 + 300;
    const tookMs = startedAt - Date.UTC(2026, 0, 1);
    assert.ok(tookMs >= shortest && tookMs < shortest + 1000, `${tookMs}`);
  });

  test("an outage, and dropConnections(), end the connection; a returning companion is seen", async () => {
    await using room = await virtualRoom();
    const { clock, voice } = room;
    await using client = await RoomClient.connect(voice);
    assert.equal(voice.connectedSessions, 1);
    const said = voice.say("ada", "a sentence that is cut in the middle");
    await clock.advance(400);
    voice.dropConnections();
    await clock.advance(2000);
    assert.deepEqual([said.state, voice.connectedSessions], ["lost", 0]);
    void voice.outage(10_000);
    await assert.rejects(RoomClient.connect(voice).then(() => client));
    await clock.advance(10_000);
    const back = voice.whenConnected();
    await using _again = await RoomClient.connect(voice);
    await back;
    assert.equal(voice.connectedSessions, 1);
  });
});
