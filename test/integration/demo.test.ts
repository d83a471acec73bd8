import { mkdir, readFile, readdir, stat, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { once } from "node:events";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { EMOTION_NAMES, parseEmotionalState } from "../../lib/emotion/emotional_state.ts";
import { isPlatformUp, type PlatformHealth } from "../../lib/base/platform_health.ts";
import type { FeedAlert, FeedMessage, FeedPlatforms } from "../../lib/feed/messages.ts";
import type { HistoryResult } from "../../lib/feed/health_source.ts";
import { Demo, temporaryDirectory } from "./_demo.ts";

/** Reads the feed until every condition has been met once, in any order. */
async function until(
  demo: Demo,
  ...conditions: ((message: FeedMessage) => boolean)[]
): Promise<FeedMessage[]> {
  const met: FeedMessage[] = [];
  const open = new Set(conditions);
  for await (const message of demo.feed()) {
    for (const condition of open) {
      if (!condition(message)) continue;
      open.delete(condition);
      met.push(message);
    }
    if (open.size === 0) return met;
  }
  throw new Error("the feed ended");
}

const platforms = (message: FeedMessage): readonly PlatformHealth[] =>
  message.type === "platforms" || message.type === "snapshot"
    ? (message.data as FeedPlatforms).platforms
    : [];
const isUp =
  (name: string, up: boolean) =>
  (message: FeedMessage): boolean =>
    platforms(message).some((platform) => platform.name === name && isPlatformUp(platform.status) === up);
const alert =
  (rule: string, state: FeedAlert["state"]) =>
  (message: FeedMessage): boolean =>
    message.type === "alert" && message.data.rule === rule && message.data.state === state;

suite("npm start", { timeout: 180_000 }, () => {
  test("shows a companion that lives: emotions, memory and response times move", async () => {
    await using data = await temporaryDirectory();
    await using demo = await Demo.start(data.path, "--seed", "7");
    const seen = new Set<string>();
    await until(
      demo,
      isUp("discord", true),
      isUp("android", true),
      (m) => m.type === "metrics" && (m.data.values["process_resident_memory_bytes"] ?? 0) > 1e6,
      (m) => m.type === "metrics" && (m.data.values["demi_response_time_p90_seconds"] ?? 0) > 0,
      (m) => m.type === "emotions" && seen.add(JSON.stringify(m.data.values)).size > 2,
    );
    const stopped = await demo.kill("SIGINT");
    assert.equal(stopped.code, 0);
  });

  test("a dead Discord is shown, alerts, leaves Android alone, and comes back without a restart", async () => {
    await using data = await temporaryDirectory();
    await using demo = await Demo.start(data.path);
    await until(demo, isUp("discord", true), isUp("android", true));
    const answered = async (): Promise<number> => {
      const all = await demo.json<{ platforms: PlatformHealth[] }>("/api/platforms");
      return all.platforms.find(({ name }) => name === "android")?.messages ?? 0;
    };
    const before = await answered();
    const watching = until(demo, isUp("discord", false), alert("platform_unhealthy", "firing"), (m) =>
      platforms(m).some((p) => p.name === "android" && isPlatformUp(p.status) && (p.messages ?? 0) > before),
    );
    assert.equal((await demo.runAction("discord-outage", "wrong")).status, 401);
    assert.ok((await demo.runAction("discord-outage")).ok);
    await watching;
    await until(demo, isUp("discord", true), alert("platform_unhealthy", "resolved"));
  });

  test("kill -9 and a new start: the same emotional state, aged; the history of before", async () => {
    await using data = await temporaryDirectory();
    {
      await using demo = await Demo.start(data.path);
      const answered = (m: FeedMessage): boolean =>
        m.type === "metrics" && (m.data.values["demi_response_time_p90_seconds"] ?? 0) > 0;
      await until(demo, answered);
      await historySaved(demo, data.path);
      await demo.kill("SIGKILL");
    }
    const killedAt = Date.now();
    const saved = savedEmotions(join(data.path, "demi.sqlite"));
    assert.ok(
      EMOTION_NAMES.some((name) => saved[name] !== 0.5),
      "nothing was saved, or nothing has happened",
    );
    await using again = await Demo.start(data.path, "--no-users");
    const loaded = parseEmotionalState(await again.json("/api/emotions", again.companionUrl));
    for (const name of EMOTION_NAMES) {
      // one tick of idle decay at most may have passed; that the ageing is exact is pocket Demi's own test
      assert.ok(
        Math.abs(loaded[name] - saved[name]!) < 0.03,
        `${name}: ${saved[name]} became ${loaded[name]}`,
      );
    }
    const history = await again.json<HistoryResult>(
      `/api/history?key=process_resident_memory_bytes&from=${killedAt - 600_000}&to=${killedAt}&points=100`,
    );
    assert.ok(history.points.some(([time, value]) => time < killedAt && value !== null));
  });
});

/** The emotions in the companion's own file: what it has answered for. */
function savedEmotions(path: string): Readonly<Record<string, number>> {
  const database = new DatabaseSync(path);
  try {
    const row = database.prepare("SELECT state FROM emotions WHERE id = 1").get();
    return (JSON.parse(String(row?.["state"])) as { values: Record<string, number> }).values;
  } finally {
    database.close();
  }
}

/** Resolves when the journal beside the history has grown twice: what the demo had measured before is safe. */
async function historySaved(demo: Demo, directory: string): Promise<void> {
  let last = await journalBytes(directory);
  let grown = 0;
  for await (const _message of demo.feed()) {
    const now = await journalBytes(directory);
    if (now === last) continue;
    last = now;
    grown += 1;
    if (grown === 2) return;
  }
}

async function journalBytes(directory: string): Promise<number> {
  let bytes = 0;
  for (const name of await readdir(directory)) {
    if (name.startsWith("health.sqlite.journal-")) bytes += (await stat(join(directory, name))).size;
  }
  return bytes;
}

suite("npm start with what cannot work", { timeout: 60_000 }, () => {
  async function assertRefused(args: readonly string[], sentence: RegExp): Promise<void> {
    const { code, stderr } = await Demo.run(...args);
    assert.equal(code, 1, stderr);
    assert.match(stderr, sentence);
    assert.equal(stderr.trim().split("\n").length, 1, `more than one sentence: ${stderr}`);
  }

  test("an occupied port", async () => {
    await using data = await temporaryDirectory();
    await using server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    await assertRefused(
      ["--port", String(port), "--data-dir", data.path],
      new RegExp(`port ${port}.* in use`),
    );
  });

  test("a data directory that cannot be written", async () => {
    await assertRefused(["--port", "0", "--data-dir", "/proc/demi"], /\/proc\/demi/);
  });

  test("an unknown flag, and a port that is none", async () => {
    await assertRefused(["--prot", "1"], /--prot/);
    await assertRefused(["--port", "http"], /'--port' must be 0 to 65535, got http/);
  });

  for (const file of ["demi.sqlite", "health.sqlite"]) {
    test(`a corrupt ${file} is set aside, and the next start is a fresh one`, async () => {
      await using data = await temporaryDirectory();
      await mkdir(data.path, { recursive: true });
      await writeFile(join(data.path, file), "this is not a database, but somebody may want it back");
      await assertRefused(["--port", "0", "--data-dir", data.path], new RegExp(file));
      const aside = (await readdir(data.path)).filter((name) => name.startsWith(`${file}.corrupt`));
      assert.equal(aside.length, 1);
      assert.match(await readFile(join(data.path, aside[0]!), "utf8"), /somebody may want it back/);
      await using demo = await Demo.start(data.path);
      assert.ok(demo.url);
    });
  }
});
