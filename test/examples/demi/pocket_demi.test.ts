import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { ListenError } from "../../../examples/demi/http_server.ts";
import { pocketDemi } from "../../../examples/demi/pocket_demi.ts";
import { FALLBACK_REPLY } from "../../../examples/demi/prompt.ts";
import { VirtualClock } from "../../../lib/base/virtual_clock.ts";
import type { CompanionObserver, HandledMessage, LlmCall } from "../../../lib/harness/companion.ts";
import { MockAndroidClient } from "../../../lib/mocks/android/mock_android_client.ts";
import { MockOllamaServer } from "../../../lib/mocks/ollama/mock_ollama_server.ts";
import { fetchJson, temporaryDirectory, wakeDemi } from "./_demi.ts";

const ADA = { email: "ada@example.org", password: "correct horse", deviceName: "phone" };
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** An observer that remembers. */
function recorder(): CompanionObserver & { readonly calls: LlmCall[]; readonly messages: HandledMessage[] } {
  const calls: LlmCall[] = [];
  const messages: HandledMessage[] = [];
  return {
    calls,
    messages,
    llmCall: (call) => void calls.push(call),
    messageHandled: (message) => void messages.push(message),
  };
}

suite("Demi's language model", () => {
  test("is told who she is, how she feels and what was said before", async () => {
    using directory = temporaryDirectory();
    const seen: string[] = [];
    await using ollama = await MockOllamaServer.listen({
      firstTokenMs: 0,
      replies: [[/./, ({ system, turn }) => (seen.push(system), `turn ${turn}`)]],
    });
    await using demi = await wakeDemi({ dataDirectory: directory.path, ollama });
    await using app = await MockAndroidClient.connect({ url: demi.url!, ...ADA });
    const first = await app.sendAndWait("Hello Demi");
    const second = await app.sendAndWait("What did I say?");
    assert.match(seen[0]!, /You are Demi.*excitement 0\.65/s);
    assert.notEqual(first.content, second.content);
  });

  test("is reported with its tokens and the time to the first one, on the clock", async () => {
    using directory = temporaryDirectory();
    const clock = new VirtualClock();
    const observer = recorder();
    await using ollama = await MockOllamaServer.listen({
      clock,
      firstTokenMs: 400,
      replies: [[/./, "Yes, I do."]],
    });
    await using demi = await wakeDemi({ dataDirectory: directory.path, clock, ollama, observer });
    await using app = await MockAndroidClient.connect({ url: demi.url!, ...ADA, clock });
    const reply = app.sendAndWait("Do you hear me?");
    await clock.advance(20_000);
    assert.equal((await reply).content, "Yes, I do.");
    const [call] = observer.calls;
    assert.equal(call!.model, ollama.model);
    assert.ok(call!.timeToFirstTokenMs! >= 100 && call!.timeToFirstTokenMs! <= call!.durationMs);
    assert.ok(call!.inputTokens! > 0 && call!.outputTokens! > 0);
    assert.equal(call!.errorType, undefined);
    assert.deepEqual(
      observer.messages.map(({ platform, ok }) => [platform, ok]),
      [["android", true]],
    );
  });

  test("is given up after 30 seconds on the clock when it stalls; the reply says so", async () => {
    using directory = temporaryDirectory();
    const clock = new VirtualClock();
    const observer = recorder();
    await using ollama = await MockOllamaServer.listen({ clock });
    await using demi = await wakeDemi({ dataDirectory: directory.path, clock, ollama, observer });
    await using app = await MockAndroidClient.connect({ url: demi.url!, ...ADA, clock });
    ollama.stallNext({ afterTokens: 2 });
    const reply = app.sendAndWait("Hello", { timeoutMs: HOUR });
    await clock.advance(MINUTE);
    assert.equal((await reply).content, FALLBACK_REPLY);
    assert.equal(observer.calls[0]!.errorType, "timeout");
    assert.equal(observer.calls[0]!.durationMs, 30_000);
    const next = app.sendAndWait("Hello again");
    await clock.advance(MINUTE);
    assert.notEqual((await next).content, FALLBACK_REPLY);
  });

  for (const [kind, errorType] of [
    ["unavailable", "http_503"],
    ["reset", "connection"],
  ] as const) {
    test(`that is down (${kind}) is counted as ${errorType} and does not silence her`, async () => {
      using directory = temporaryDirectory();
      const observer = recorder();
      await using ollama = await MockOllamaServer.listen();
      await using demi = await wakeDemi({ dataDirectory: directory.path, ollama, observer });
      await using app = await MockAndroidClient.connect({ url: demi.url!, ...ADA });
      void ollama.outage(Infinity, { kind });
      assert.equal((await app.sendAndWait("Hello")).content, FALLBACK_REPLY);
      assert.equal(observer.calls[0]!.errorType, errorType);
    });
  }

  test("that hangs for one user delays no other", async () => {
    using directory = temporaryDirectory();
    await using ollama = await MockOllamaServer.listen({ firstTokenMs: 0 });
    await using demi = await wakeDemi({ dataDirectory: directory.path, ollama });
    await using ada = await MockAndroidClient.connect({ url: demi.url!, ...ADA });
    await using eve = await MockAndroidClient.connect({ url: demi.url!, ...ADA, email: "eve@example.org" });
    ollama.stallNext();
    ada.send("Hello");
    while (ollama.activeGenerations === 0) await setImmediate();
    assert.ok(await eve.sendAndWait("Hello"));
  });
});

suite("Demi's rambles", () => {
  async function rambles(demi: {
    readonly url?: string | undefined;
  }): Promise<readonly { readonly created_at: string }[]> {
    const { json } = await fetchJson(`${demi.url}/api/system/rambles`);
    return json["rambles"] as { created_at: string }[];
  }

  test("come when she is lonely, at most once an hour, over a restart too", async () => {
    using directory = temporaryDirectory();
    const clock = new VirtualClock();
    await using ollama = await MockOllamaServer.listen({ clock });
    let newest: string;
    {
      await using demi = await wakeDemi({ dataDirectory: directory.path, clock, ollama });
      await clock.advance(30 * MINUTE);
      assert.equal((await rambles(demi)).length, 0);
      await clock.advance(6 * HOUR);
      const times = (await rambles(demi)).map((ramble) => Date.parse(ramble.created_at));
      assert.ok(times.length >= 4, `${times.length} rambles`);
      times.slice(1).forEach((time, i) => assert.ok(times[i]! - time >= HOUR));
      newest = (await rambles(demi))[0]!.created_at;
    }
    await using again = await wakeDemi({ dataDirectory: directory.path, clock, ollama });
    const left = Date.parse(newest) + HOUR - clock.now();
    await clock.advance(left - 1);
    assert.equal((await rambles(again))[0]!.created_at, newest);
    await clock.advance(10 * MINUTE);
    assert.notEqual((await rambles(again))[0]!.created_at, newest);
  });

  test("reach a connected device and stay in its history", async () => {
    using directory = temporaryDirectory();
    const clock = new VirtualClock();
    await using ollama = await MockOllamaServer.listen({ clock });
    await using demi = await wakeDemi({ dataDirectory: directory.path, clock, ollama });
    await using app = await MockAndroidClient.connect({ url: demi.url!, ...ADA, clock });
    await clock.advance(3 * HOUR);
    const said = await app.nextReply();
    await using tablet = await MockAndroidClient.connect({
      url: demi.url!,
      ...ADA,
      deviceName: "tablet",
      clock,
    });
    assert.ok(tablet.messages.some(({ id }) => id === said.id));
  });

  test("do not happen without a language model, and nothing else fails for it", async () => {
    using directory = temporaryDirectory();
    const clock = new VirtualClock();
    await using demi = await wakeDemi({ dataDirectory: directory.path, clock });
    await clock.advance(12 * HOUR);
    assert.deepEqual(await rambles(demi), []);
    assert.equal((await fetchJson(`${demi.url}/api/health`)).json["status"], "healthy");
  });
});

suite("PocketDemi", () => {
  test("serves her health in the form that monitors of Demi read", async () => {
    using directory = temporaryDirectory();
    await using demi = await wakeDemi({ dataDirectory: directory.path });
    const { json: health } = await fetchJson(`${demi.url}/api/health`);
    assert.equal((health["metrics"] as Record<string, unknown>)["response_time_p90"], null); // of no reply at all
    await using app = await MockAndroidClient.connect({ url: demi.url!, ...ADA });
    await app.sendAndWait("Hello");
    const { json } = await fetchJson(`${demi.url}/api/platforms`);
    const { android } = json["platforms"] as { android: Record<string, unknown> };
    assert.equal(android["status"], "online");
    assert.equal(json["count"], 1);
  });

  test("answers what she has received before she stops, with or without the language model", async () => {
    using directory = temporaryDirectory();
    await using ollama = await MockOllamaServer.listen();
    await using demi = await wakeDemi({ dataDirectory: directory.path, ollama });
    await using app = await MockAndroidClient.connect({ url: demi.url!, ...ADA });
    ollama.stallNext();
    const reply = app.sendAndWait("Hello");
    while (ollama.activeGenerations === 0) await setImmediate();
    await demi.stop();
    assert.equal((await reply).content, FALLBACK_REPLY);
    await app.close();
    assert.equal(app.closeCode, 1001);
  });

  test("cuts her devices off when she crashes, and knows what she has answered when she is back", async () => {
    using directory = temporaryDirectory();
    await using demi = await wakeDemi({ dataDirectory: directory.path });
    await using app = await MockAndroidClient.connect({ url: demi.url!, ...ADA });
    await app.sendAndWait("Hello Demi");
    const before = await demi.emotions();
    await demi.crash();
    while (app.closeCode === undefined) await setImmediate();
    assert.equal(app.closeCode, 1006);
    await using again = await wakeDemi({ dataDirectory: directory.path });
    assert.deepEqual(await again.emotions(), before);
  });

  test("leaves nothing behind when she cannot start", async () => {
    using directory = temporaryDirectory();
    using other = temporaryDirectory();
    const clock = new VirtualClock();
    await using demi = await wakeDemi({ dataDirectory: directory.path });
    const listen = { host: "127.0.0.1", port: Number(new URL(demi.url!).port) };
    await assert.rejects(pocketDemi().start({ dataDirectory: other.path, clock, listen }), ListenError);
    assert.equal(clock.pendingTimers, 0);
    await using _later = await wakeDemi({ dataDirectory: other.path }); // the database is not locked
  });

  test("can be stopped and crashed twice", async () => {
    using directory = temporaryDirectory();
    await using demi = await wakeDemi({ dataDirectory: directory.path });
    await demi.stop();
    await demi.stop();
    await demi.crash();
    assert.equal(demi.url, undefined);
  });
});
