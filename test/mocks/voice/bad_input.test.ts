import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { suite, test } from "node:test";
import fc from "fast-check";
import { WebSocket } from "ws";
import { MockVoiceServer } from "../../../lib/mocks/voice/mock_voice_server.ts";
import { RoomClient } from "./_companion.ts";

const FAST = { transcriptionMs: 0, transcriptionRatio: 0, firstByteMs: 0, speechRatio: 0 };

/** A mock that must never report a failure of its own. */
async function listen(): Promise<MockVoiceServer & AsyncDisposable> {
  const failed = (error: unknown): void => {
    throw error;
  };
  return await MockVoiceServer.listen({ ...FAST, onError: failed });
}

/** What the server answers to some bytes, until it closes the connection. */
async function sendRaw(voice: MockVoiceServer, ...parts: readonly (string | Uint8Array)[]): Promise<string> {
  const socket = connect(Number(new URL(voice.url).port), "127.0.0.1");
  let answer = "";
  socket.on("data", (data) => (answer += data.toString("latin1")));
  socket.on("error", () => {}); // a server may cut off who goes on sending
  const closed = new Promise((resolve) => socket.on("close", resolve));
  for (const part of parts) {
    if (!socket.writable) break;
    if (!socket.write(part)) await Promise.race([once(socket, "drain").catch(() => {}), closed]);
  }
  await closed;
  return answer;
}

function head(voice: MockVoiceServer, path: string, length: number, type: string, more = ""): string {
  const auth = `authorization: Bearer ${voice.token}\r\n`;
  return `POST /v1/audio/${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n${auth}content-type: ${type}\r\ncontent-length: ${length}\r\n${more}\r\n`;
}

async function post(voice: MockVoiceServer, path: string, type: string, body: Uint8Array): Promise<Response> {
  const headers = { authorization: `Bearer ${voice.token}`, "content-type": type };
  return await fetch(`${voice.url}/audio/${path}`, { method: "POST", headers, body: new Uint8Array(body) });
}

async function isErrorObject(response: Response): Promise<boolean> {
  const { error } = (await response.json()) as { error?: { message?: unknown; type?: unknown } };
  return typeof error?.message === "string" && typeof error.type === "string";
}

/** That it still does its work. */
async function works(voice: MockVoiceServer): Promise<void> {
  const body = Buffer.from(JSON.stringify({ model: "tts-1", voice: "nova", input: "Hello" }));
  assert.equal((await post(voice, "speech", "application/json", body)).status, 200);
}

suite("bad input to the voice mock", () => {
  test("bodies of any bytes get OpenAI's error", async () => {
    await using voice = await listen();
    const types = fc.constantFrom(
      "application/json",
      "multipart/form-data; boundary=x",
      "multipart/form-data",
      "a/b",
    );
    const paths = fc.constantFrom("speech", "transcriptions", "translations");
    const bodies = fc.oneof(
      fc.uint8Array({ maxLength: 400 }),
      fc.json().map((json) => Buffer.from(json)),
      fc
        .string()
        .map((text) => Buffer.from(`--x\r\nContent-Disposition: form-data; ${text}\r\n\r\n${text}\r\n--x--`)),
    );
    await fc.assert(
      fc.asyncProperty(paths, types, bodies, async (path, type, body) => {
        const response = await post(voice, path, type, body);
        assert.ok(response.status === 400 || response.status === 404, `${response.status}`);
        assert.ok(await isErrorObject(response));
      }),
      { numRuns: 150, seed: 3 },
    );
    await works(voice);
  });

  test("fields of any type and value get OpenAI's error, or are good", async () => {
    await using voice = await listen();
    const request = fc.record(
      {
        model: fc.oneof(fc.constant("tts-1"), fc.jsonValue()),
        input: fc.oneof(fc.string(), fc.jsonValue()),
        voice: fc.oneof(fc.constant("nova"), fc.jsonValue(), fc.constantFrom("__proto__", "constructor")),
        speed: fc.oneof(fc.constant(4), fc.jsonValue()),
        response_format: fc.oneof(fc.constantFrom("wav", "pcm", "mp3"), fc.jsonValue()),
        stream_format: fc.oneof(fc.constantFrom("audio", "sse"), fc.jsonValue()),
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(request, async (fields) => {
        const response = await post(voice, "speech", "application/json", Buffer.from(JSON.stringify(fields)));
        if (response.status === 200) await response.arrayBuffer();
        else assert.ok(response.status < 500 && (await isErrorObject(response)), `${response.status}`);
      }),
      { numRuns: 150, seed: 4 },
    );
  });

  test("files that are damaged sound get an answer", async () => {
    await using voice = await listen();
    const clip = voice.clip("Hello Demi");
    const damage = fc.tuple(fc.nat(60), fc.uint8Array({ maxLength: 12 }), fc.nat(4000));
    await fc.assert(
      fc.asyncProperty(damage, async ([at, bytes, length]) => {
        const file = Buffer.from(clip.subarray(0, Math.max(length, 80)));
        file.set(bytes, at);
        const body = new FormData();
        body.set("model", "whisper-1");
        body.set("file", new File([file], "clip.wav"));
        const headers = { authorization: `Bearer ${voice.token}` };
        const response = await fetch(`${voice.url}/audio/transcriptions`, { method: "POST", headers, body });
        assert.ok(response.status === 200 || response.status === 400);
        await response.text();
      }),
      { numRuns: 100, seed: 5 },
    );
  });

  test("100 MB get 413", async () => {
    await using voice = await listen();
    const megabyte = new Uint8Array(1024 * 1024);
    const body = Array.from({ length: 100 }, () => megabyte);
    const start = head(voice, "transcriptions", 100 * megabyte.length, "multipart/form-data; boundary=x");
    assert.match(
      await sendRaw(voice, start, ...body),
      /^HTTP\/1\.1 413 [\s\S]*"message":"Maximum content size/,
    );
    await works(voice);
  });

  test("10,000 headers get 431", async () => {
    await using voice = await listen();
    const headers = Array.from({ length: 10_000 }, (_, n) => `x-header-${n}: ${n}\r\n`).join("");
    assert.match(
      await sendRaw(voice, head(voice, "speech", 2, "application/json", headers), "{}"),
      /^HTTP\/1\.1 431 /,
    );
    await works(voice);
  });

  test("half requests, and bytes that are no request, end with their connection", async () => {
    await using voice = await listen();
    const [port, whole] = [Number(new URL(voice.url).port), head(voice, "speech", 100, "application/json")];
    for (const part of [
      whole.slice(0, 30),
      whole,
      `${whole}{"model":`,
      `GET /v1/room HTTP/1.1\r\nUpgrade: web`,
    ]) {
      const socket = connect(port, "127.0.0.1");
      await once(socket, "connect");
      await new Promise<void>((resolve) => socket.write(part, () => resolve()));
      socket.destroy();
      await once(socket, "close");
    }
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 200 }), async (bytes) => {
        const answer = await sendRaw(voice, bytes, "\r\n\r\n\r\n\r\n");
        assert.match(answer, /^(HTTP\/1\.1 4\d\d |$)/);
      }),
      { numRuns: 60, seed: 6 },
    );
    await works(voice);
  });

  test("upgrades that are none are refused", async () => {
    await using voice = await listen();
    const upgrade = (path: string, more: string): string =>
      `GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n${more}\r\n`;
    const auth = `authorization: Bearer ${voice.token}\r\n`;
    assert.match(await sendRaw(voice, upgrade("/v1/room", "")), /^HTTP\/1\.1 401 [\s\S]*invalid_api_key/);
    assert.match(await sendRaw(voice, upgrade("/v1/other", auth)), /^HTTP\/1\.1 404 /);
    assert.match(await sendRaw(voice, upgrade("//[", auth)), /^HTTP\/1\.1 404 /);
    assert.match(await sendRaw(voice, upgrade("/v1/room", auth)), /^HTTP\/1\.1 400 /);
    await works(voice);
  });

  test("frames of any kind in the room get an error message, or end the connection", async () => {
    await using voice = await listen();
    const messages = fc.oneof(
      fc.string(),
      fc.json(),
      fc.uint8Array({ maxLength: 200 }),
      fc.record({
        type: fc.constantFrom("reply_started", "reply_stopped", "reply_skipped", "ready"),
        in_reply_to: fc.oneof(fc.string(), fc.jsonValue()),
        item_id: fc.jsonValue(),
      }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(messages, { maxLength: 20 }), async (frames) => {
        await using client = await RoomClient.connect(voice);
        for (const frame of frames) {
          const isPlain = typeof frame === "string" || frame instanceof Uint8Array;
          client.socket.send(isPlain ? frame : JSON.stringify(frame));
        }
        client.socket.send("!");
        await client.see("error");
      }),
      { numRuns: 40, seed: 8 },
    );
    await works(voice);
  });

  test("a frame of 100 MB, and a frame against the protocol, end the connection with its code", async () => {
    await using voice = await listen();
    for (const [send, code] of [
      [(client: RoomClient) => client.socket.send(Buffer.alloc(100 * 1024 * 1024)), [1006, 1009]],
      [(client: RoomClient) => rawSocketOf(client).write(Buffer.from([0xff, 0xff, 0xff])), [1002]],
    ] as const) {
      await using client = await RoomClient.connect(voice);
      const closed = once(client.socket, "close");
      send(client);
      const [closeCode] = (await closed) as [number];
      assert.ok((code as readonly number[]).includes(closeCode), `${closeCode}`);
      assert.equal(client.socket.readyState, WebSocket.CLOSED);
    }
    while (voice.connectedSessions > 0) await new Promise((resolve) => setImmediate(resolve));
    await works(voice);
  });
});

function rawSocketOf({ socket }: RoomClient): { write(bytes: Buffer): void } {
  return (socket as unknown as { _socket: { write(bytes: Buffer): void } })._socket;
}
