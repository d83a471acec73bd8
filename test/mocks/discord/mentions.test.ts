import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { MockDiscordServer } from "../../../lib/mocks/discord/mock_discord_server.ts";
import { messagesOf, request } from "./_rest.ts";

/** Whom a message pings, by REST's words; expectations are those of Discord's page on allowed mentions. */
async function pingsOf(
  discord: MockDiscordServer,
  body: Record<string, unknown>,
  path: string = messagesOf(discord),
): Promise<{ users: readonly string[]; roles: readonly string[]; everyone: boolean }> {
  const answer = await request(discord, `POST ${path}`, body);
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  const { mentions, mention_roles, mention_everyone } = answer.body as unknown as {
    mentions: readonly { username: string }[];
    mention_roles: readonly string[];
    mention_everyone: boolean;
  };
  return {
    users: mentions.map(({ username }) => username),
    roles: mention_roles,
    everyone: mention_everyone,
  };
}

suite("mentions", () => {
  test("a message pings all it names, unless its author says otherwise", async () => {
    await using discord = await MockDiscordServer.listen();
    const ada = discord.user("ada").id;
    const grace = discord.user("grace").id;
    const content = `@everyone <@${ada}> <@${grace}> <@&42>`;
    const all = { users: ["ada", "grace"], roles: ["42"], everyone: true };
    const none = { users: [], roles: [], everyone: false };
    assert.deepEqual(await pingsOf(discord, { content }), all);
    assert.deepEqual(await pingsOf(discord, { content, allowed_mentions: { parse: [] } }), none);
    assert.deepEqual(await pingsOf(discord, { content, allowed_mentions: {} }), none);
    assert.deepEqual(await pingsOf(discord, { content, allowed_mentions: { parse: ["everyone"] } }), {
      ...none,
      everyone: true,
    });
    const some = { parse: ["roles"], users: [ada] };
    assert.deepEqual(await pingsOf(discord, { content, allowed_mentions: some }), {
      ...none,
      users: ["ada"],
      roles: ["42"],
    });
  });

  test("an answer pings whom it answers, unless allowed mentions leave that out", async () => {
    await using discord = await MockDiscordServer.listen();
    const asked = discord.sendAsUser("ada", "hello");
    const answer = { content: "hi", message_reference: { message_id: asked.id } };
    const path = `/channels/${asked.channelId}/messages`;
    assert.deepEqual((await pingsOf(discord, answer, path)).users, ["ada"]);
    const silent = { ...answer, allowed_mentions: { parse: [] } };
    assert.deepEqual((await pingsOf(discord, silent, path)).users, []);
    const polite = { ...answer, allowed_mentions: { parse: [], replied_user: true } };
    assert.deepEqual((await pingsOf(discord, polite, path)).users, ["ada"]);
  });

  test("nobody is everybody in a DM, nor without the permission", async () => {
    await using discord = await MockDiscordServer.listen();
    const dm = discord.sendDM("ada", "hello");
    const body = { content: "@everyone" };
    assert.equal((await pingsOf(discord, body, `/channels/${dm.channelId}/messages`)).everyone, false);
    await using meek = await MockDiscordServer.listen({ botPermissions: (1n << 10n) | (1n << 11n) });
    const everyone = await request(meek, `GET /guilds/${meek.guildId}/roles`);
    const [role] = everyone.body as unknown as readonly { permissions: string }[];
    const byDefault = (BigInt(role?.permissions ?? "0") & (1n << 17n)) !== 0n;
    assert.equal((await pingsOf(meek, body)).everyone, byDefault, "what @everyone may, a bot may, too");
  });

  test("an edit pings by its own rules, and contradictions are refused", async () => {
    await using discord = await MockDiscordServer.listen();
    const ada = discord.user("ada").id;
    const { body } = await request(discord, `POST ${messagesOf(discord)}`, { content: "hi" });
    const edit = { content: `@here <@${ada}>`, allowed_mentions: { parse: ["users"] } };
    const edited = await request(discord, `PATCH ${messagesOf(discord)}/${body.id}`, edit);
    assert.equal(edited.body["mention_everyone"], false);
    assert.equal((edited.body["mentions"] as unknown[]).length, 1);
    const both = { content: "x", allowed_mentions: { parse: ["users"], users: [ada] } };
    const refused = await request(discord, `POST ${messagesOf(discord)}`, both);
    assert.deepEqual([refused.status, refused.body.code], [400, 50035]);
  });
});
