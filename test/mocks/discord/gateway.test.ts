import { setImmediate as aTurn } from "node:timers/promises";
import { connect } from "node:net";
import { createZstdDecompress, inflateSync } from "node:zlib";
import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { Client, GatewayDispatchEvents, type GatewayIntentBits } from "@discordjs/core";
import { REST } from "@discordjs/rest";
import { CompressionMethod, WebSocketManager, WebSocketShardEvents } from "@discordjs/ws";
import fc from "fast-check";
import { WebSocket } from "ws";
import { VirtualClock } from "../../../lib/base/virtual_clock.ts";
import type { MockDiscordOptions } from "../../../lib/mocks/discord/discord_options.ts";
import { MockDiscordServer } from "../../../lib/mocks/discord/mock_discord_server.ts";
import { GatewayClient } from "./_gateway_client.ts";

const INTENTS = 0b1000_0010_0000_0001; // guilds, their messages, content
const QUICK: MockDiscordOptions = { identifyLimit: { windowMs: 0.001 } };

async function listen(options: MockDiscordOptions = {}): Promise<MockDiscordServer> {
  return await MockDiscordServer.listen({ ...QUICK, ...options });
}
const rules = (mock: MockDiscordServer): string[] => [...mock.violations].map(({ rule }) => rule);

suite("MockDiscordServer, a client that does not read", () => {
  test("is cut off before its frames fill the memory", async () => {
    await using discord = await MockDiscordServer.listen();
    const client = await GatewayClient.identify(discord);
    await client.frame(({ t }) => t === "READY");
    client.socket.pause();
    const text = "x".repeat(1900);
    const held = process.memoryUsage().external;
    for (let i = 0; i < 100 && discord.connectedSessions > 0; i++) {
      for (let j = 0; j < 500; j++) discord.sendAsUser("ada", text);
      await aTurn();
    }
    assert.equal(discord.connectedSessions, 0, "after 50,000 events of 2 kB that were not read");
    assert.ok(process.memoryUsage().external - held < 100e6);
    client.socket.terminate();
  });
});

suite("the gateway with @discordjs/ws", () => {
  for (const compression of [CompressionMethod.ZlibNative, null]) {
    test(`compression ${compression === null ? "none" : CompressionMethod[compression]}: messages arrive in order`, async () => {
      await using mock = await listen();
      const rest = new REST({ api: mock.apiUrl }).setToken(mock.token);
      const manager = new WebSocketManager({
        token: mock.token,
        intents: INTENTS as GatewayIntentBits,
        rest,
        compression,
      });
      const seen: string[] = [];
      const all = Promise.withResolvers<void>();
      const client = new Client({ rest, gateway: manager });
      client.on(GatewayDispatchEvents.MessageCreate, ({ data }) => {
        if (seen.push(data.content) === 200) all.resolve();
      });
      await manager.connect();
      await mock.whenConnected();
      const texts = Array.from({ length: 200 }, (_, i) => `message ${i} ${"ä€😀".repeat(i % 40)}`);
      for (const text of texts) mock.sendAsUser("ada", text);
      await all.promise;
      assert.deepEqual(seen, texts);
      await manager.destroy();
      rest.clearHashSweeper();
      rest.clearHandlerSweeper();
    });
  }

  test("two shards get the guilds that are theirs, and direct messages go to the first", async () => {
    await using mock = await listen({ identifyLimit: { maxConcurrency: 2 } });
    const guilds = Array.from({ length: 6 }, (_, i) => mock.addGuild(`guild ${i}`).id);
    const rest = new REST({ api: mock.apiUrl }).setToken(mock.token);
    const manager = new WebSocketManager({ token: mock.token, intents: 1, rest, shardCount: 2 });
    const seen = new Map<string, number>();
    const done = Promise.withResolvers<void>();
    manager.on(WebSocketShardEvents.Dispatch, ((payload: { t: string; d: { id: string } }, shard: number) => {
      if (payload.t === "GUILD_CREATE") seen.set(payload.d.id, shard);
      if (seen.size === 7) done.resolve();
    }) as never);
    await manager.connect();
    await done.promise;
    for (const id of guilds) assert.equal(seen.get(id), Number((BigInt(id) >> 22n) % 2n));
    await manager.destroy();
    rest.clearHashSweeper();
    rest.clearHandlerSweeper();
  });
});

suite("the gateway's transport", () => {
  test("zstd-stream is one stream of frames, each whole when it comes", async () => {
    await using mock = await listen();
    const unpack = createZstdDecompress();
    let text = "";
    const ready = Promise.withResolvers<void>();
    unpack.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes("GUILD_CREATE")) ready.resolve();
    });
    const socket = new WebSocket(`${mock.gatewayUrl}/?v=10&encoding=json&compress=zstd-stream`);
    socket.on("message", (data) => unpack.write(data as Buffer));
    socket.once("message", () =>
      socket.send(JSON.stringify({ op: 2, d: { token: mock.token, intents: 1 } })),
    );
    await ready.promise;
    assert.match(text, /^\{"t":null,"s":null,"op":10.*"READY".*"GUILD_CREATE"/);
    socket.terminate();
    unpack.destroy();
  });

  test("zlib-stream ends each message as Discord does, and IDENTIFY may ask for packed payloads", async () => {
    await using mock = await listen();
    const ends: string[] = [];
    const packed = new WebSocket(`${mock.gatewayUrl}/?v=10&encoding=json&compress=zlib-stream`);
    packed.on("message", (data) => ends.push((data as Buffer).subarray(-4).toString("hex")));
    await new Promise((resolve) => packed.once("message", resolve));
    packed.terminate();
    assert.deepEqual(ends, ["0000ffff"]);
    for (let i = 0; i < 50; i++) mock.addChannel(`channel ${i}`);
    const plain = new WebSocket(`${mock.gatewayUrl}/?v=10&encoding=json`);
    const created = Promise.withResolvers<string>();
    plain.on("message", (data, isBinary) => {
      if (isBinary) created.resolve(inflateSync(data as Buffer).toString());
    });
    plain.once("message", () =>
      plain.send(JSON.stringify({ op: 2, d: { token: mock.token, intents: 1, compress: true } })),
    );
    assert.match(await created.promise, /^\{"t":"GUILD_CREATE"/);
    plain.terminate();
  });
});

suite("the gateway's rules", () => {
  for (const [cause, options, query, identify, code] of [
    ["a wrong token", {}, undefined, { token: "x" }, 4004],
    ["a shard beyond the count", {}, undefined, { shard: [2, 2] }, 4010],
    ["too few shards", { shards: 2 }, undefined, { shard: [0, 1] }, 4011],
    ["an intent that is none", {}, undefined, { intents: 2 ** 40 }, 4013],
    ["an intent that is not allowed", { allowedIntents: 1 }, undefined, { intents: 3 }, 4014],
  ] as const) {
    test(`${cause} closes with ${code}`, async () => {
      await using mock = await listen(options);
      await using client = await GatewayClient.identify(mock, identify as never, query);
      assert.equal(await client.closed(), code);
    });
  }

  test("another version closes with 4012, another encoding is refused", async () => {
    await using mock = await listen();
    await using old = new GatewayClient(mock, "?v=6&encoding=json");
    assert.equal(await old.closed(), 4012);
    await using etf = new GatewayClient(mock, "?v=10&encoding=etf");
    assert.equal(await etf.closed(), 1006);
  });

  test("IDENTIFY before its window is over gets op 9, one after it does not", async () => {
    const clock = new VirtualClock();
    await using mock = await MockDiscordServer.listen({ clock, identifyLimit: { windowMs: 500 } });
    await using first = await GatewayClient.identify(mock);
    await first.event("READY");
    await using second = await GatewayClient.identify(mock);
    assert.equal((await second.frame(({ op }) => op === 9)).d, false);
    assert.deepEqual(mock.awaited, ["to identify again: it was told INVALID_SESSION"]);
    await clock.advance(500);
    second.send(2, { token: mock.token, intents: 0, properties: {} });
    await second.event("READY");
    assert.deepEqual(mock.awaited, []);
    const limits = (await (
      await fetch(`${mock.apiUrl}/v10/gateway/bot`, { headers: { authorization: `Bot ${mock.token}` } })
    ).json()) as { session_start_limit: { remaining: number } };
    assert.equal(limits.session_start_limit.remaining, 998);
  });

  test("op 1 of the server is answered, or it is a violation after 5 s", async () => {
    await using mock = await listen();
    await using client = await GatewayClient.identify(mock);
    await client.event("READY");
    mock.requestHeartbeat();
    await client.frame(({ op }) => op === 1);
    client.send(1, 2);
    await client.frame(({ op }) => op === 11);
    assert.deepEqual(rules(mock), []);
  });

  test("members are found by name and by id, with their nonce", async () => {
    await using mock = await listen();
    for (const name of ["ada", "adele", "grace"]) mock.sendAsUser(name, "here");
    await using client = await GatewayClient.identify(mock);
    await client.event("READY");
    client.send(8, { guild_id: mock.guildId, query: "ad", limit: 10, nonce: "n1" });
    const { d } = await client.frame(
      ({ t, d: data }) => t === "GUILD_MEMBERS_CHUNK" && data["nonce"] === "n1",
    );
    const names = (d["members"] as { user: { username: string } }[]).map(({ user }) => user.username);
    assert.deepEqual(names.sort(), ["ada", "adele"]);
  });

  test("only what its intents want is delivered, and content only by its own", async () => {
    await using mock = await listen();
    await using guilds = await GatewayClient.identify(mock, { intents: 1 });
    await using messages = await GatewayClient.identify(mock, { intents: 1 | (1 << 9) });
    await messages.event("GUILD_CREATE");
    await guilds.event("GUILD_CREATE");
    mock.sendAsUser("ada", "secret plans");
    mock.sendAsUser("ada", "for you", { mentionBot: true });
    const [hidden] = [await messages.event("MESSAGE_CREATE")];
    assert.equal(hidden.d["content"], "");
    const mention = await messages.frame(({ d }) => String(d?.["content"]).endsWith("for you"));
    assert.equal(mention.t, "MESSAGE_CREATE");
    mock.addChannel("news");
    await guilds.event("CHANNEL_CREATE");
    assert.equal(
      guilds.frames.some(({ t }) => t === "MESSAGE_CREATE"),
      false,
    );
  });
});

suite("faults of the gateway", () => {
  test("duplicate, swapped, dropped, late and garbage", async () => {
    const clock = new VirtualClock();
    await using mock = await listen({ clock, replyPatienceMs: 1 });
    await using client = await GatewayClient.identify(mock);
    await client.event("READY");
    const event = "MESSAGE_CREATE";
    const say = (text: string): unknown => mock.sendAsUser("ada", text);
    mock.injectFault({ kind: "duplicate-delivery", event }, { times: 1 });
    say("twice");
    mock.injectFault({ kind: "out-of-order", event }, { times: 1 });
    ["second", "first"].forEach(say);
    mock.injectFault({ kind: "drop-event", event }, { times: 1 });
    say("never");
    mock.injectFault({ kind: "garbage-frame" }, { times: 1 });
    say("after garbage");
    mock.injectFault({ kind: "delay-event", event, ms: 3000 }, { times: 1 });
    say("late");
    say("last");
    await client.frame(({ d }) => d?.["content"] === "last");
    await clock.advance(3000);
    await client.frame(({ d }) => d?.["content"] === "late");
    const seen = client.frames.filter(({ t }) => t === event).map(({ d, s }) => [d["content"], s]);
    const first = seen[0]![1] as number;
    assert.deepEqual(
      seen.map(([content, sequence]) => [content, (sequence as number) - first]),
      [
        ["twice", 0],
        ["twice", 1],
        ["first", 2],
        ["second", 3],
        ["after garbage", 5],
        ["last", 6],
        ["late", 7],
      ],
    );
  });

  test("a single event that goes behind the next one goes a second later", async () => {
    const clock = new VirtualClock();
    await using mock = await listen({ clock, replyPatienceMs: 1 });
    await using client = await GatewayClient.identify(mock);
    await client.event("GUILD_CREATE");
    mock.injectFault({ kind: "out-of-order", event: "MESSAGE_CREATE" }, { times: 1 });
    mock.sendAsUser("ada", "alone");
    await clock.advance(1000);
    assert.equal((await client.event("MESSAGE_CREATE")).d["content"], "alone");
  });

  test("a zombie gets nothing any more, and everything when it resumes", async () => {
    await using mock = await listen();
    await using client = await GatewayClient.identify(mock);
    const ready = await client.event("READY");
    mock.injectFault({ kind: "zombie-acks" }, { times: 1 });
    client.send(1, 1);
    await mock.calls.waitFor((call) => call.kind === "gateway" && call.op === 1);
    mock.sendAsUser("ada", "to a zombie");
    client.socket.close(4200);
    await client.closed();
    assert.deepEqual(
      client.frames.filter(({ op, t }) => op === 11 || t === "MESSAGE_CREATE"),
      [],
    );
    await using again = new GatewayClient(mock);
    await again.frame(({ op }) => op === 10);
    again.send(6, { token: mock.token, session_id: ready.d["session_id"], seq: ready.s });
    assert.equal((await again.event("MESSAGE_CREATE")).d["content"], "to a zombie");
    assert.deepEqual(rules(mock), []);
  });

  test("close, op 7 and op 9 instead of an event, which a resume brings", async () => {
    await using mock = await listen();
    mock.sendAsUser("ada", "I am here");
    for (const fault of [
      { kind: "close", code: 4000 },
      { kind: "reconnect" },
      { kind: "invalid-session", resumable: true },
    ] as const) {
      await using client = await GatewayClient.identify(mock);
      const ready = await client.event("READY");
      mock.injectFault({ ...fault }, { times: 1 });
      mock.sendAsUser("ada", `missed by ${fault.kind}`);
      if (fault.kind === "close") assert.equal(await client.closed(), 4000);
      if (fault.kind === "reconnect") await client.frame(({ op }) => op === 7);
      if (fault.kind === "invalid-session") assert.equal((await client.frame(({ op }) => op === 9)).d, true);
      client.socket.terminate();
      await using again = new GatewayClient(mock);
      await again.frame(({ op }) => op === 10);
      again.send(6, { token: mock.token, session_id: ready.d["session_id"], seq: ready.s });
      await again.event("RESUMED");
      const types = again.frames.map(({ t }) => t).filter(Boolean);
      assert.deepEqual(types, ["GUILD_CREATE", "MESSAGE_CREATE", "RESUMED"], fault.kind);
    }
    assert.deepEqual(rules(mock), []);
  });
});

suite("what the gateway notes of its client", () => {
  test("a client that goes on without acknowledgements, and one that closes", async () => {
    await using mock = await listen({ heartbeatIntervalMs: 50 });
    await using client = await GatewayClient.identify(mock);
    await client.event("READY");
    mock.freezeAcks();
    const noted = async (): Promise<void> => {
      while (mock.violations.length === 0) await new Promise(setImmediate);
    };
    client.send(1, 1);
    client.send(1, 1);
    await client.frame(({ t }) => t === "GUILD_CREATE");
    assert.deepEqual(rules(mock), []);
    client.send(1, 1);
    await noted();
    assert.deepEqual(rules(mock), ["missed-ack-not-noticed"]);
  });

  test("a client that does not beat", async () => {
    await using mock = await listen({ heartbeatIntervalMs: 20 });
    await using client = await GatewayClient.identify(mock);
    assert.equal(await client.closed(), 4009);
    assert.deepEqual(rules(mock), ["missing-heartbeat"]);
  });

  test("not discord.py, which bears a minute of silence, nor answers to op 1", async () => {
    await using mock = await listen();
    await using client = await GatewayClient.identify(mock, { properties: { browser: "discord.py" } });
    await client.event("READY");
    mock.freezeAcks();
    for (let beat = 0; beat < 5; beat++) client.send(1, 1);
    client.send(8, { guild_id: mock.guildId, query: "", limit: 0, nonce: "behind the beats" });
    await client.event("GUILD_MEMBERS_CHUNK");
    await using other = await GatewayClient.identify(mock);
    await other.event("READY");
    for (let beat = 1; beat <= 5; beat++) {
      mock.requestHeartbeat();
      while (other.frames.filter(({ op }) => op === 1).length < beat) await new Promise(setImmediate);
      const came = mock.calls.waitFor((call) => call.kind === "gateway" && call.op === 1);
      other.send(1, 1);
      await came;
    }
    assert.deepEqual(rules(mock), []);
  });

  const restart = (mock: MockDiscordServer): void => mock.expectRestart();
  const outage = (mock: MockDiscordServer): void => {
    void mock.outage(Infinity);
    mock.endOutage();
  };
  for (const [cause, lose, excuse, expected] of [
    ["op 7", (mock) => mock.requestReconnect(), undefined, ["session-not-resumed"]],
    ["a reset", (mock) => mock.dropConnections(), undefined, ["session-not-resumed"]],
    ["close code 4000", (mock) => mock.closeConnections(4000), undefined, ["session-not-resumed"]],
    ["close code 1000", (mock) => mock.closeConnections(1000), undefined, []],
    ["close code 4003", (mock) => mock.closeConnections(4003), undefined, []],
    ["close code 4009", (mock) => mock.closeConnections(4009), undefined, []],
    ["op 9", (mock) => mock.invalidateSessions(), undefined, []],
    ["op 7, of a bot that is restarted", (mock) => mock.requestReconnect(), restart, []],
    ["a reset, with an outage behind it", (mock) => mock.dropConnections(), outage, []],
  ] as const satisfies readonly (readonly [
    string,
    (mock: MockDiscordServer) => void,
    ((mock: MockDiscordServer) => void) | undefined,
    readonly string[],
  ])[]) {
    test(`a session left after ${cause}: ${expected.length > 0 ? "noted" : "not noted"}`, async () => {
      await using mock = await listen();
      await using first = await GatewayClient.identify(mock);
      await first.event("READY");
      lose(mock);
      mock.sendAsUser("ada", "lost");
      excuse?.(mock);
      first.socket.close(4200);
      await first.closed();
      await using second = await GatewayClient.identify(mock);
      await second.event("READY");
      assert.deepEqual(rules(mock), expected);
    });
  }

  test("not one bot of a fleet that begins while the others are on their way back", async () => {
    await using mock = await listen();
    await using first = await GatewayClient.identify(mock);
    await first.event("READY");
    await using second = await GatewayClient.identify(mock);
    await second.event("READY");
    mock.dropConnections();
    mock.sendAsUser("ada", "missed by both");
    await using third = await GatewayClient.identify(mock);
    await third.event("READY");
    assert.deepEqual(rules(mock), []);
  });

  test("frames that the protocol does not allow, and refused connections without a pause", async () => {
    await using mock = await listen();
    await using client = await GatewayClient.identify(mock);
    await client.event("READY");
    client.socket.send("{");
    assert.equal(await client.closed(), 4002);
    assert.deepEqual(rules(mock), ["protocol-error"]);
    void mock.outage(Infinity);
    for (let i = 0; i < 20; i++) {
      await using refused = new GatewayClient(mock);
      assert.equal(await refused.closed(), 1006);
    }
    assert.deepEqual(rules(mock), ["protocol-error", "no-backoff"]);
  });

  test("not a new process after a crash, nor one that tries each half second", async () => {
    await using mock = await listen();
    const first = await GatewayClient.identify(mock);
    await first.event("READY");
    first.socket.terminate();
    await first.closed();
    while (mock.connectedSessions > 0) await new Promise(setImmediate);
    mock.sendAsUser("ada", "while it is dead");
    await using second = await GatewayClient.identify(mock);
    await second.event("READY");
    assert.deepEqual(rules(mock), []);
  });
});

suite("garbage for the gateway", () => {
  test("any frames are answered by a close code of the protocol, or nothing", async () => {
    await using mock = await listen();
    const frame = fc.oneof(
      fc.string(),
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
      fc
        .record({ op: fc.integer({ min: -5, max: 50 }), d: fc.jsonValue() })
        .map((payload) => JSON.stringify(payload)),
      fc
        .record({
          op: fc.constantFrom(2, 6),
          d: fc.record({
            token: fc.constantFrom(mock.token, 1, null),
            intents: fc.jsonValue(),
            session_id: fc.jsonValue(),
            seq: fc.jsonValue(),
            shard: fc.jsonValue(),
          }),
        })
        .map((payload) => JSON.stringify(payload)),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(frame, { minLength: 1, maxLength: 5 }), async (frames) => {
        await using client = new GatewayClient(mock);
        await client.frame(({ op }) => op === 10);
        for (const each of frames) client.socket.send(each);
        client.socket.close(1000);
        const code = await client.closed();
        assert.ok([1000, 1005, 1006, 1007].includes(code) || (code >= 4000 && code <= 4014), String(code));
      }),
      { numRuns: 150, seed: 11 },
    );
  });

  test("garbage behind an upgrade that is refused ends nobody but its sender", async () => {
    await using mock = await listen();
    const { port } = new URL(mock.gatewayUrl);
    for (const version of [6, 10]) {
      const socket = connect(Number(port), "127.0.0.1");
      socket.on("error", () => undefined).on("data", () => undefined);
      const key = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
      socket.write(
        `GET /?v=${version} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n${key}\r\n`,
      );
      socket.end(Buffer.from("f3ff00112233445566778899", "hex"));
      if (!socket.closed) await new Promise((resolve) => socket.once("close", resolve));
    }
    await using healthy = await GatewayClient.identify(mock);
    await healthy.event("READY");
  });

  test("half upgrades, huge frames and 10,000 headers end", async () => {
    await using mock = await listen();
    const { port } = new URL(mock.gatewayUrl);
    const upgrade = "GET //?v=10 HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
    const headers = Array.from({ length: 10_000 }, (_, i) => `X-${i}: ${i}\r\n`).join("");
    for (const text of [
      upgrade,
      `${upgrade}\r\n`,
      `${upgrade}Sec-WebSocket-Key: bad\r\n\r\n`,
      `${upgrade}${headers}\r\n`,
    ]) {
      const socket = connect(Number(port), "127.0.0.1");
      socket.on("error", () => undefined).on("data", () => undefined);
      socket.end(text);
      if (!socket.closed) await new Promise((resolve) => socket.once("close", resolve));
    }
    await using client = new GatewayClient(mock);
    await client.frame(({ op }) => op === 10);
    client.socket.send("x".repeat(2_000_000));
    assert.ok([1006, 1009].includes(await client.closed()));
    await using healthy = await GatewayClient.identify(mock);
    await healthy.event("READY");
  });
});
