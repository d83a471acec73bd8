// Ways to break pocket Demi, each as a user's companion might be broken, with what must catch it.

/** One place to change: `search` matches exactly once in the file. */
export interface Edit {
  /** Path below examples/demi. */
  readonly file: string;
  readonly search: string;
  readonly replace: string;
}

/** A way to break pocket Demi. */
export interface Defect {
  /** What is wrong with her, as one would say it. */
  readonly name: string;
  readonly edits: readonly Edit[];
  /** Name of the scenario that must fail. */
  readonly scenario: string;
  /** What its message, or the violation that it reports, must say: the cause. */
  readonly says: RegExp;
}

function edit(file: string, search: string, replace: string): readonly Edit[] {
  return [{ file, search, replace }];
}

export const DEFECTS: readonly Defect[] = [
  {
    name: "the state is not saved when it changes",
    edits: edit(
      "storage.ts",
      "      this.saveState(state);\n      for (const message",
      "      for (const message",
    ),
    scenario: "recovery after crash",
    says: /emotion|excitement|state/i,
  },
  {
    name: "the state is not loaded at the start",
    edits: edit(
      "heart.ts",
      "const saved = storage.loadState();",
      "const saved = undefined as DemiState | undefined;",
    ),
    scenario: "persistence verification",
    says: /emotion|state/i,
  },
  {
    name: "messages are not saved",
    edits: edit(
      "storage.ts",
      "      this.saveState(state);\n      for (const message of messages) this.#insert(message);",
      "      this.saveState(state);\n      void messages;",
    ),
    scenario: "multi-turn conversation",
    says: /earlier|history|turn/i,
  },
  {
    name: "time off is not aged",
    edits: edit(
      "heart.ts",
      "ageState(saved, clock.now(), { off: true })",
      "{ ...saved, agedUntil: clock.now() }",
    ),
    scenario: "emotional decay",
    says: /off|offline|decay|loneliness/i,
  },
  {
    name: "nothing decays",
    edits: edit(
      "emotions.ts",
      "const decayed = grows ? value : value - rate * (value - floor);",
      "const decayed = grows || rate > 0 ? value : value;",
    ),
    scenario: "emotional decay",
    says: /decay/i,
  },
  {
    name: "decay is twice as fast",
    edits: edit(
      "emotions.ts",
      "const rate = DECAY_RATES[name] * (value > HIGH ? 0.5 : 1);",
      "const rate = DECAY_RATES[name] * 2 * (value > HIGH ? 0.5 : 1);",
    ),
    scenario: "emotional decay",
    says: /decay/i,
  },
  {
    name: "who is ignored does not get lonelier",
    edits: edit(
      "emotions.ts",
      "  loneliness: 0.01,\n  excitement: -0.02,",
      "  loneliness: -0.01,\n  excitement: -0.02,",
    ),
    scenario: "emotional decay",
    says: /loneliness/i,
  },
  {
    name: "floors are ignored",
    edits: [
      {
        file: "emotions.ts",
        search: "    return Math.min(1, Math.max(floor, decayed + (IDLE_DRIFTS[name] ?? 0) * idleGrowth));",
        replace:
          "    return Math.min(1, Math.max(0, (value === floor ? value - rate : decayed) + (IDLE_DRIFTS[name] ?? 0) * idleGrowth - 0.01));",
      },
      {
        file: "emotions.ts",
        search: "values[name] >= FLOORS[name] && values[name] <= 1 &&",
        replace: "values[name] <= 1 &&",
      },
    ],
    scenario: "emotion bounds",
    says: /floor/i,
  },
  {
    name: "values pass 1",
    edits: [
      {
        file: "emotions.ts",
        search: "values: forEach((name) => Math.min(1, Math.max(FLOORS[name], wanted[name]))),",
        replace: "values: forEach((name) => Math.max(FLOORS[name], wanted[name])),",
      },
      {
        file: "emotions.ts",
        search: "values[name] >= FLOORS[name] && values[name] <= 1 &&",
        replace: "values[name] >= FLOORS[name] &&",
      },
    ],
    scenario: "emotion amplification",
    says: /\b1\b|bound|range/i,
  },
  {
    name: "NaN is let in",
    edits: edit(
      "emotions.ts",
      "wanted = forEach(\n    (name) => aged.values[name] + (deltas[name] ?? 0)",
      "wanted = forEach(\n    (name) => aged.values[name] + deltas[name]!",
    ),
    scenario: "simple greeting",
    says: /NaN|finite/i,
  },
  {
    name: "momentum is lost",
    edits: edit(
      "emotions.ts",
      "return unspent + Math.max(0, wanted[name] - 1);",
      "return unspent * 0 * wanted[name];",
    ),
    scenario: "emotion amplification",
    says: /momentum/i,
  },
  {
    name: "momentum vanishes at a tick",
    edits: edit("emotions.ts", "momentum[name] * HALF_LIFE_FACTOR", "momentum[name] * HALF_LIFE_FACTOR * 0"),
    scenario: "emotion amplification",
    says: /momentum/i,
  },
  {
    name: "kind words do not move her",
    edits: edit(
      "emotions.ts",
      "  positive: { excitement: 0.15, affection: 0.12, loneliness: -0.1, defensiveness: -0.08 },",
      "  positive: {},",
    ),
    scenario: "affection response",
    says: /affection/i,
  },
  {
    name: "kind words hurt her",
    edits: edit(
      "emotions.ts",
      "positive: { excitement: 0.15, affection: 0.12,",
      "positive: { excitement: -0.15, affection: -0.12,",
    ),
    scenario: "simple greeting",
    says: /excitement|affection/i,
  },
  {
    name: "feelings do not reach the model",
    edits: edit(
      "prompt.ts",
      'const feelings = EMOTIONS.map((name) => `${name} ${emotions[name].toFixed(2)}`).join(", ");',
      'const feelings = EMOTIONS.map((name) => `${name} ${(0.5 + 0 * emotions[name]).toFixed(2)}`).join(", ");',
    ),
    scenario: "lonely demeanor",
    says: /loneliness/i,
  },
  {
    name: "each platform has emotions of its own",
    edits: edit(
      "mind.ts",
      "const [message, reply] = this.#heart.commit(kind,",
      'const [message, reply] = this.#heart.commit(platform === "android" ? "neutral" : kind,',
    ),
    scenario: "cross-platform sync",
    says: /android|platform/i,
  },
  {
    name: "conversations of different people are mixed",
    edits: edit(
      "discord_platform.ts",
      "const conversationId = `discord:${message.channelId}:${message.author.id}`;",
      "const conversationId = `discord`;",
    ),
    scenario: "multi-turn conversation",
    says: /another|other|someone else|mixed|belongs/i,
  },
  {
    name: "the model does not see the message",
    edits: edit(
      "prompt.ts",
      'return [systemMessage(emotions, ""), ...turns, { role: "user", content: text }];',
      'return [systemMessage(emotions, ""), ...turns, { role: "user", content: text.slice(0, 0) + "Hello" }];',
    ),
    scenario: "simple greeting",
    says: /model|prompt|message/i,
  },
  {
    name: "Discord replies go to the first channel",
    edits: edit(
      "discord_platform.ts",
      "await this.#breaker.run(() => message.reply(reply));",
      "await this.#breaker.run(async () => (this.#firstTextChannel() ?? message.channel as TextChannel).send(reply));",
    ),
    scenario: "simple greeting",
    says: /wrong|place|channel|no reply|get a reply/i,
  },
  {
    name: "every Discord reply is sent twice",
    edits: edit(
      "discord_platform.ts",
      "await this.#breaker.run(() => message.reply(reply));",
      "await this.#breaker.run(() => message.reply(reply));\n    await this.#breaker.run(() => message.reply(reply));",
    ),
    scenario: "simple greeting",
    says: /double-reply|twice|exactly one|2 replies/i,
  },
  {
    name: "Android replies go to everybody's devices",
    edits: edit(
      "android_platform.ts",
      "const theirs = [...this.#devices].filter((device) => device.userId === userId);",
      'const theirs = [...this.#devices].filter((device) => device.userId === userId || event === "message");',
    ),
    scenario: "concurrent load",
    says: /reply to \w+ on android, made from this message/i,
  },
  {
    name: "a message delivered twice is answered twice",
    edits: [
      {
        file: "discord_platform.ts",
        search: "if (!this.#seen.add(message.id)) return;",
        replace: "this.#seen.add(message.id);",
      },
      // as long as it remembers a message, discord.js itself says nothing of its second coming
      { file: "discord_session.ts", search: "MessageManager: 20,", replace: "MessageManager: 0," },
    ],
    scenario: "duplicate delivery",
    says: /twice|duplicate|double|exactly one/i,
  },
  {
    name: "a failing platform ends all",
    edits: edit(
      "pocket_demi.ts",
      "await Promise.all(parts.platforms.map((platform) => platform.start()));",
      'await Promise.all(parts.platforms.map((platform) => platform.start()));\n    const watch = env.clock.setRepeating(() => {\n      if (parts.platforms.some((platform) => platform.health().status === "offline")) {\n        watch.cancel();\n        void this.crash();\n      }\n    }, 1000);',
    ),
    scenario: "platform isolation",
    says: /android|isolat/i,
  },
  {
    name: "all platforms share one breaker",
    edits: [
      {
        file: "circuit_breaker.ts",
        search: "  #openedAt: number | undefined;\n",
        replace:
          "  get #openedAt(): number | undefined {\n    return shared.get(this.#clock);\n  }\n  set #openedAt(at: number | undefined) {\n    if (at === undefined) shared.delete(this.#clock);\n    else shared.set(this.#clock, at);\n  }\n",
      },
      {
        file: "circuit_breaker.ts",
        search: "/** A call was refused",
        replace: "const shared = new WeakMap<Clock, number>();\n\n/** A call was refused",
      },
    ],
    scenario: "platform isolation",
    says: /android|isolat/i,
  },
  {
    name: "a dead Discord is shown green",
    edits: edit(
      "platform.ts",
      "  set status(status: PlatformStatus) {",
      '  set status(given: PlatformStatus) {\n    const status = given === "offline" || (given === "connecting" && this.#status === "online") ? this.#status : given;',
    ),
    scenario: "platform isolation",
    says: /green|online|health/i,
  },
  {
    name: "the breaker never opens",
    edits: edit(
      "circuit_breaker.ts",
      "if (trial || ++this.#failures >= this.#threshold) this.#openedAt = this.#clock.monotonicMs();",
      "if (trial || ++this.#failures >= Infinity) this.#openedAt = this.#clock.monotonicMs();",
    ),
    scenario: "platform isolation",
    says: /breaker/i,
  },
  {
    name: "no time limit on the model",
    edits: edit("llm.ts", "const DEADLINE_MS = 30_000;", "const DEADLINE_MS = 2_000_000;"),
    scenario: "graceful degradation",
    says: /stall|given up|time limit|timeout/i,
  },
  {
    name: "silence while the model is down",
    edits: edit(
      "mind.ts",
      "if (error instanceof LlmError) return FALLBACK_REPLY;",
      'if (error instanceof LlmError && error.errorType === "none") return FALLBACK_REPLY;',
    ),
    scenario: "graceful degradation",
    says: /down|reply/i,
  },
  {
    name: "raw errors are shown to people",
    edits: edit(
      "mind.ts",
      "if (error instanceof LlmError) return FALLBACK_REPLY;",
      "if (error instanceof LlmError) return `${String(error)} ${String(error.cause)} FetchError ECONNREFUSED at Llm.chat (llm.ts:60)`;",
    ),
    scenario: "graceful degradation",
    says: /error|raw|leak/i,
  },
  {
    name: "a truncated reply is passed off as complete",
    edits: edit(
      "llm.ts",
      "      const stream = await client.chat({ model, messages: [...messages], stream: true });\n      for await (const part of stream) {",
      "      const stream = await client.chat({ model, messages: [...messages], stream: true });\n      const parts = (async function* () {\n        try {\n          yield* stream;\n        } catch {}\n      })();\n      for await (const part of parts) {",
    ),
    scenario: "graceful degradation",
    says: /truncated|complete|cut/i,
  },
  {
    name: "the model is asked again at once, without end",
    edits: edit(
      "llm.ts",
      "await this.#withDeadline((signal) => this.#stream(messages, progress, signal));",
      "await this.#withDeadline(async (signal) => {\n        for (let tries = 0; ; tries++) {\n          try {\n            return await this.#stream(messages, progress, signal);\n          } catch (error) {\n            if (tries >= 60 || signal.aborted) throw error;\n          }\n        }\n      });",
    ),
    scenario: "graceful degradation",
    says: /no-backoff|retry-storm/,
  },
  {
    name: "a Discord session is not resumed",
    edits: edit(
      "discord_session.ts",
      "const { retrieveSessionInfo } = options;",
      "const retrieveSessionInfo = (): null => null;",
    ),
    scenario: "session resume",
    says: /resum|lost|answer/i,
  },
  {
    name: "heartbeats are not acknowledged and she does not notice",
    edits: edit(
      "discord_session.ts",
      "this.#strategy = new SimpleShardingStrategy(manager);",
      'const freeze = (shard: unknown): void => {\n      const each = shard as { isAck?: boolean };\n      Object.defineProperty(each, "isAck", { get: () => true, set: () => undefined });\n    };\n    this.#strategy = new SimpleShardingStrategy(manager);\n    const shards = (this.#strategy as unknown as { shards: Map<number, unknown> }).shards;\n    const set = shards.set.bind(shards);\n    shards.set = (id, shard) => {\n      freeze(shard);\n      return set(id, shard);\n    };',
    ),
    scenario: "frozen but green",
    says: /missed-ack-not-noticed|acknowledg/i,
  },
  {
    name: "a listener is added for each message",
    edits: edit(
      "discord_platform.ts",
      "if (!this.#seen.add(message.id)) return;",
      "if (!this.#seen.add(message.id)) return;\n    message.client.on(Events.MessageCreate, (again) => {\n      if (again.content === message.content) void again.channel.sendTyping();\n      if (again.id !== message.id && !again.author.bot) this.#answer(again).catch(() => undefined);\n    });",
    ),
    scenario: "multi-turn conversation",
    says: /exactly one|double-reply|twice|replies/i,
  },
  {
    name: "a ramble is repeated at every tick",
    edits: edit(
      "rambler.ts",
      "if (emotion === undefined || this.#thinking || !this.#isDue()) return;",
      "if (emotion === undefined || this.#thinking || (this.#isDue(), false)) return;",
    ),
    scenario: "loneliness ramble",
    says: /once|hour|ramble/i,
  },
  {
    name: "she never rambles",
    edits: edit(
      "rambler.ts",
      'if (values.loneliness > LONELY) return "loneliness";',
      'if (values.loneliness > LONELY * 10) return "loneliness";',
    ),
    scenario: "loneliness ramble",
    says: /ramble/i,
  },
  {
    name: "excitement does not make her ramble",
    edits: edit(
      "rambler.ts",
      'return values.excitement > EXCITED ? "excitement" : undefined;',
      'return values.excitement > EXCITED * 10 ? "excitement" : undefined;',
    ),
    scenario: "excitement ramble",
    says: /ramble/i,
  },
  {
    name: "an exchange is saved only after it was sent",
    edits: edit(
      "mind.ts",
      "const [message, reply] = this.#heart.commit(kind, ({ values }) => [",
      'const early = this.#clock.now();\n    void early;\n    const commitLate = (kindOf: typeof kind, make: Parameters<Heart["commit"]>[1]): readonly StoredMessage[] => {\n      const made = make(this.#heart.preview(kindOf));\n      this.#clock.setTimer(() => this.#heart.commit(kindOf, () => made), 60_000);\n      return made;\n    };\n    const [message, reply] = commitLate(kind, ({ values }) => [',
    ),
    scenario: "recovery after crash",
    says: /history|lost|emotion|state/i,
  },
  {
    name: "every answer takes four seconds",
    edits: edit(
      "mind.ts",
      "const receivedAt = this.#clock.now();",
      "const receivedAt = this.#clock.now();\n    await this.#clock.sleep(4000);",
    ),
    scenario: "response time",
    says: /p90|response time/i,
  },
  {
    name: "the token is written to the log",
    edits: edit(
      "discord_platform.ts",
      "    void this.#stayLoggedIn();",
      "    console.log(`Logging in to Discord with ${this.#access.token}`);\n    void this.#stayLoggedIn();",
    ),
    scenario: "simple greeting",
    says: /secret-in-log|token/i,
  },
  {
    name: "what came while the phone was away is not shown when it is back",
    edits: edit(
      "android_platform.ts",
      "const past = this.#storage.history(conversationId, HISTORY_LENGTH);",
      "const past = this.#storage.history(conversationId, HISTORY_LENGTH).filter((message) => message.deliveredAt !== undefined);",
    ),
    scenario: "offline queue",
    says: /history|missed|lost|queue/i,
  },
  {
    name: "over 120 characters are cut off",
    edits: edit(
      "mind.ts",
      "const { platform, conversationId, text } = incoming;",
      "const { platform, conversationId } = incoming;\n    const text = incoming.text.slice(0, 120);\n    incoming = { ...incoming, text };",
    ),
    scenario: "bad input",
    says: /text|whole|length|cut/i,
  },
  {
    name: "the model sees the oldest messages, not the latest",
    edits: edit(
      "storage.ts",
      'ORDER BY seq DESC LIMIT ?")\n      .all(conversationId, limit);\n    return rows.toReversed()',
      'ORDER BY seq ASC LIMIT ?")\n      .all(conversationId, limit);\n    return rows',
    ),
    scenario: "long conversation",
    says: /latest 2 exchanges must be in it/,
  },
  {
    name: "messages of one conversation are answered side by side",
    edits: edit("mind.ts", "const turn = queue.last.then(work, work);", "const turn = work();"),
    scenario: "quick succession",
    says: /not one conversation|order of the messages/,
  },
  {
    name: "typing never ends",
    edits: edit("android_platform.ts", 'this.#tell(device.userId, "typing", { is_typing: false });', ""),
    scenario: "quick succession",
    says: /typing on android: it must end/,
  },
  {
    name: "read receipts are ignored",
    edits: edit(
      "android_platform.ts",
      "const known = this.#storage.markRead(toConversation(device.userId), frame.messageId, this.#clock.now());",
      "const known = true;\n      void frame;",
    ),
    scenario: "read receipts",
    says: /kept as read, got one that is not: its receipt is ignored/,
  },
  {
    name: "anybody's token is taken",
    edits: edit(
      "android_platform.ts",
      'if (!session) return refuse(socket, "401 Unauthorized");',
      'const guest = session ?? ({ id: "guest", userId: "guest" } as unknown as Session);',
    ).concat(
      edit(
        "android_platform.ts",
        "(connection) => this.#welcome(session, connection)",
        "(connection) => this.#welcome(guest, connection)",
      ),
    ),
    scenario: "strangers",
    says: /connection with no token: it must be refused/,
  },
  {
    name: "a failure to show that she types is nobody's business",
    edits: edit(
      "discord_platform.ts",
      'channel.sendTyping().catch((error) => this.#record.fail("show typing", error));',
      "void channel.sendTyping();",
    ),
    scenario: "awkward replies",
    says: /left a promise to reject that nobody handled/,
  },
  {
    name: "what the model writes can ping everyone",
    edits: edit(
      "discord_platform.ts",
      "const reply = { content: cut(content), allowedMentions: { parse: [] }, failIfNotExists: false };",
      "const reply = { content: cut(content), failIfNotExists: false };",
    ),
    scenario: "awkward replies",
    says: /ping nobody, got 1 that pinged everyone/,
  },
  {
    name: "long answers are sent to Discord in one piece",
    edits: edit(
      "discord_platform.ts",
      "return text.length <= MAX_LENGTH ? text : `${text.slice(0, MAX_LENGTH - 1)}…`;",
      "return text;",
    ),
    scenario: "awkward replies",
    says: /Cannot get a reply on discord|400/,
  },
  {
    name: "she answers herself",
    edits: edit("discord_platform.ts", "message.author.bot || ", ""),
    scenario: "simple greeting",
    says: /answers-itself: Wrote 12 messages in a row/,
  },
  {
    name: "any password opens an account",
    edits: edit(
      "accounts.ts",
      'return matches ? String(user["id"]) : undefined;',
      'return matches || true ? String(user["id"]) : undefined;',
    ),
    scenario: "strangers",
    says: /a wrong password of a known user must be refused/,
  },
];
