import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { suite, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { ageState, type DemiState } from "../../../examples/demi/emotions.ts";
import { Storage } from "../../../examples/demi/storage.ts";
import { SeededRandom } from "../../../lib/base/random.ts";
import { systemClock } from "../../../lib/base/system_clock.ts";
import {
  type EmotionalState,
  mapEmotions,
  parseEmotionalState,
} from "../../../lib/emotion/emotional_state.ts";
import { MockAndroidClient } from "../../../lib/mocks/android/mock_android_client.ts";
import { MockDiscordServer } from "../../../lib/mocks/discord/mock_discord_server.ts";
import { DemiProcess, fetchJson, runDemi, temporaryDirectory } from "./_demi.ts";

const ADA = { email: "ada@example.org", password: "correct horse", deviceName: "phone" };

async function emotionsOf(demi: DemiProcess): Promise<EmotionalState> {
  return parseEmotionalState((await fetchJson(`${demi.url}/api/emotions`)).json);
}

function savedState(directory: string): DemiState {
  using storage = Storage.open(directory, systemClock);
  return storage.loadState()!;
}

suite("A Demi who is killed with SIGKILL", () => {
  test("has kept every message that she answered and the emotions that it led to", async () => {
    using directory = temporaryDirectory();
    await using demi = await DemiProcess.start(directory.path);
    await using app = await MockAndroidClient.connect({ url: demi.url, ...ADA });
    await app.sendAndWait("Hello Demi");
    const { content } = await app.sendAndWait("I love talking to you");
    const before = await emotionsOf(demi);
    await demi.end("SIGKILL");

    await using again = await DemiProcess.start(directory.path);
    const after = await emotionsOf(again);
    assert.deepEqual(after, before); // less than a tick has passed
    await using tablet = await MockAndroidClient.connect({ url: again.url, ...ADA, deviceName: "tablet" });
    const kept = tablet.messages;
    assert.deepEqual(
      kept.map((message) => message.sender),
      ["user", "demi", "user", "demi"],
    );
    assert.equal(kept[3]!.content, content);
  });

  test("comes back with her state aged by the time that she was off", async () => {
    using directory = temporaryDirectory();
    await using demi = await DemiProcess.start(directory.path);
    await demi.end("SIGKILL");
    const saved = savedState(directory.path);
    const earlier = (time: number): number => time - 3 * 3_600_000;
    const threeHoursAgo: DemiState = {
      ...saved,
      values: { ...saved.values, jealousy: 0.9 },
      lastUpdated: earlier(saved.lastUpdated),
      agedUntil: earlier(saved.agedUntil),
      lastInteraction: earlier(saved.agedUntil) + 4 * 60_000, // awake, the first tick would not be idle
    };
    {
      using storage = Storage.open(directory.path, systemClock);
      storage.saveState(threeHoursAgo);
    }
    await using again = await DemiProcess.start(directory.path);
    const state = await emotionsOf(again);
    const expected = ageState(threeHoursAgo, state.lastUpdated, { off: true });
    assert.deepEqual(
      mapEmotions((name) => state[name]),
      expected.values,
    );
    assert.ok(state.loneliness > 0.8 && state.jealousy < 0.75);
  });

  test("at any moment of a conversation loses nothing that she answered for", async () => {
    const random = new SeededRandom("kill");
    using directory = temporaryDirectory();
    const answered: string[] = [];
    for (let round = 0; round < 5; round++) {
      await using demi = await DemiProcess.start(directory.path);
      await using app = await MockAndroidClient.connect({ url: demi.url, ...ADA, onError: () => undefined });
      const history = new Set(app.messages.map(({ id }) => id));
      assert.deepEqual(
        answered.filter((id) => !history.has(id)),
        [],
      );
      const killAfter = 1 + Math.floor(random.next() * 6);
      for (let n = 0; n < 8; n++) app.send(`message ${n}`);
      for (let n = 0; n < killAfter; n++) answered.push((await app.nextReply()).id);
      await demi.end("SIGKILL");
      answered.splice(0, answered.length - 20); // the history has fifty messages of both sides
    }
  });
});

suite("The script that runs Demi", () => {
  test("ends with code 0 at SIGTERM", async () => {
    using directory = temporaryDirectory();
    await using demi = await DemiProcess.start(directory.path);
    assert.equal(await demi.end("SIGTERM"), 0);
  });

  // A client library that goes on reconnecting would keep the process alive.
  test("ends also while Discord is down and being tried again", { timeout: 30_000 }, async () => {
    using directory = temporaryDirectory();
    await using discord = await MockDiscordServer.listen();
    const args = ["--discord-api", discord.apiUrl, "--discord-token", discord.token];
    await using demi = await DemiProcess.start(directory.path, ...args);
    void discord.outage(Infinity, { kind: "reset" });
    while (!JSON.stringify(await fetchJson(`${demi.url}/api/platforms`)).includes("offline"))
      await setImmediate();
    assert.equal(await demi.end("SIGTERM"), 0);
  });

  test("explains itself", async () => {
    const { code, stdout } = await runDemi("--help");
    assert.equal(code, 0);
    assert.match(stdout, /--data-dir/);
  });

  test("says in one sentence what keeps it from running, and fails", async () => {
    using directory = temporaryDirectory();
    await using occupied = createServer().listen(0, "127.0.0.1");
    await once(occupied, "listening");
    const { port } = occupied.address() as AddressInfo;
    const file = join(directory.path, "file");
    writeFileSync(file, "");
    writeFileSync(join(directory.path, "demi.sqlite"), "no database");
    using other = temporaryDirectory();
    const cases: readonly (readonly [RegExp, readonly string[]])[] = [
      [/--frobnicate/, ["--frobnicate"]],
      [/--port.* got 70000/, ["--port", "70000"]],
      [/--ollama-url.* got nowhere/, ["--ollama-url", "nowhere"]],
      [/port \d+ must be free, got one that is in use/, ["--port", String(port), "--data-dir", other.path]],
      [/'.*file\/x' must be writable/, ["--data-dir", join(file, "x")]],
      [/must be intact.*set aside as '.*corrupt-/, ["--data-dir", directory.path]],
    ];
    for (const [expected, args] of cases) {
      const { code, stderr } = await runDemi(...args);
      assert.match(stderr, expected);
      assert.equal(stderr.trim().split("\n").length, 1, stderr);
      assert.equal(code, 1);
    }
  });
});
