import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { suite, test } from "node:test";
import assert from "node:assert/strict";
import type { AlertChannel, AlertMessage } from "../../lib/alerts/channel.ts";
import { alertmanagerChannel } from "../../lib/alerts/channels/alertmanager_channel.ts";
import { discordChannel } from "../../lib/alerts/channels/discord_channel.ts";
import { type Email, emailChannel } from "../../lib/alerts/channels/email_channel.ts";
import { logChannel } from "../../lib/alerts/channels/log_channel.ts";
import { ntfyChannel } from "../../lib/alerts/channels/ntfy_channel.ts";
import { slackChannel } from "../../lib/alerts/channels/slack_channel.ts";
import { webhookChannel } from "../../lib/alerts/channels/webhook_channel.ts";

const signal = new AbortController().signal;
const NOW = Date.UTC(2026, 0, 1, 12);

const MESSAGE: AlertMessage = {
  id: "5f2b",
  time: NOW,
  group: "memory",
  source: { name: "Demi", url: "http://127.0.0.1:8080/" },
  alerts: [
    {
      id: 'hot{p="<b>"}',
      rule: "hot",
      level: "critical",
      state: "firing",
      labels: { p: "<b>" },
      message: "<!channel> [a](http://x) *90 °C*\nFrom: me",
      activeAt: NOW - 5000,
      firedAt: NOW - 1000,
      runbook: "https://example.org/hot",
    },
  ],
};

interface Got {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly path: string;
}

/** A web server that keeps what it gets, and answers as it is told. */
async function receiver(
  status = 200,
  headers: Record<string, string> = {},
): Promise<AsyncDisposable & { url: string; got: Got[] }> {
  const got: Got[] = [];
  const server: Server = createServer((request, response) => {
    let body = "";
    request.on("data", (data) => (body += String(data)));
    request.on("end", () => {
      got.push({ headers: request.headers, body, path: request.url ?? "" });
      response
        .writeHead(status, headers)
        .end(status === 200 ? "" : '{"message": "Unknown\n Webhook", "code": 10015}');
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    got,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** What a receiver gets of the message. */
async function sent(make: (url: string) => AlertChannel, message = MESSAGE): Promise<Got> {
  await using server = await receiver();
  await make(server.url).send(message, signal);
  assert.equal(server.got.length, 1);
  return server.got[0]!;
}

suite("alert channels", () => {
  test("webhook: JSON, signed as Standard Webhooks has it", async () => {
    const secret = `whsec_${Buffer.from("0123456789abcdef01234567").toString("base64")}`;
    const { headers, body } = await sent((url) => webhookChannel({ url, secret, headers: { "x-own": "1" } }));
    assert.deepEqual(JSON.parse(body), MESSAGE);
    assert.equal(headers["x-own"], "1");
    assert.equal(headers["webhook-id"], "5f2b");
    const signed = `5f2b.${NOW / 1000}.${body}`;
    const expected = createHmac("sha256", "0123456789abcdef01234567").update(signed).digest("base64");
    assert.equal(headers["webhook-signature"], `v1,${expected}`);
    assert.throws(() => webhookChannel({ url: "http://x", secret: "c2hvcnQ=" }), { message: /got 5 bytes/ });
  });

  test("discord: an embed, nobody pinged, no markdown of an alert's own, within the limits", async () => {
    const many = {
      ...MESSAGE,
      alerts: Array.from({ length: 50 }, () => ({ ...MESSAGE.alerts[0]!, message: "m".repeat(300) })),
    };
    const { body } = await sent((url) => discordChannel({ url }));
    const { embeds, allowed_mentions } = JSON.parse(body) as {
      embeds: { title: string; description: string }[];
      allowed_mentions: unknown;
    };
    assert.deepEqual(allowed_mentions, { parse: [] });
    assert.equal(embeds[0]?.title, "Demi: hot firing");
    assert.match(
      embeds[0]?.description ?? "",
      /critical: <!channel\\> \\\[a\\\]\\\(http:\/\/x\\\) \\\*90 °C\\\*/,
    );
    const long = JSON.parse((await sent((url) => discordChannel({ url }), many)).body) as typeof embeds & {
      embeds: typeof embeds;
    };
    assert.ok(
      long.embeds[0]!.description.length <= 4096 && long.embeds[0]!.title === "Demi: memory 50 firing",
    );
  });

  test("slack: text, with nothing that is a mention or a link", async () => {
    const { text } = JSON.parse((await sent((url) => slackChannel({ url }))).body) as { text: string };
    assert.match(text, /^\*Demi: hot firing\*\ncritical: &lt;!channel&gt;/);
  });

  test("ntfy: topic, priority and token", async () => {
    const { headers, body } = await sent((url) => ntfyChannel({ url, topic: "demi", token: "tk_1" }));
    const { topic, title, priority, tags, click } = JSON.parse(body) as Record<string, unknown>;
    assert.deepEqual(
      [topic, title, priority, tags, click],
      ["demi", "Demi: hot firing", 5, ["warning"], MESSAGE.source.url],
    );
    assert.equal(headers.authorization, "Bearer tk_1");
    assert.throws(() => ntfyChannel({ topic: "../x" }), { name: "TypeError", message: /'topic'/ });
  });

  test("alertmanager: version 2 of its API", async () => {
    const { path, body } = await sent((url) => alertmanagerChannel({ url }));
    assert.equal(path, "/api/v2/alerts");
    assert.deepEqual(JSON.parse(body), [
      {
        labels: { p: "<b>", alertname: "hot", severity: "critical", group: "hot", instance: "Demi" },
        annotations: { summary: MESSAGE.alerts[0]!.message, runbook_url: "https://example.org/hot" },
        startsAt: "2026-01-01T11:59:59.000Z",
        endsAt: "2026-01-01T12:04:00.000Z",
        generatorURL: "http://127.0.0.1:8080/",
      },
    ]);
  });

  test("email: no header and no line of an alert's own", async () => {
    const mails: Email[] = [];
    const channel = emailChannel({
      from: "demi@x",
      to: "me@x",
      transport: (mail) => Promise.resolve(mails.push(mail)),
    });
    const alerts = [{ ...MESSAGE.alerts[0]!, rule: "hot\r\nBcc: all@x" }];
    await channel.send({ ...MESSAGE, alerts }, signal);
    assert.equal(mails[0]?.subject, "Demi: hot Bcc: all@x firing");
    assert.equal(mails[0]?.messageId, "5f2b@demi-health");
  });

  test("log: a line for each alert, whatever is in it", async () => {
    const lines: string[] = [];
    await logChannel({ write: (line) => lines.push(line) }).send(MESSAGE, signal);
    assert.equal(lines.length, 1);
    assert.doesNotMatch(lines[0]!, /\n/);
  });

  test("an answer says whether another try is of use, and no address is in an error", async () => {
    for (const [status, headers, expected] of [
      [404, {}, { isFinal: true, retryAfterMs: undefined }],
      [401, {}, { isFinal: true, retryAfterMs: undefined }],
      [429, { "retry-after": "7" }, { isFinal: false, retryAfterMs: 7000 }],
      [503, {}, { isFinal: false, retryAfterMs: undefined }],
    ] as const) {
      await using server = await receiver(status, headers);
      const url = `${server.url}/api/webhooks/1/secret-token`;
      await assert.rejects(discordChannel({ url }).send(MESSAGE, signal), (error: Error) => {
        assert.equal(
          error.message,
          `Cannot send alerts by discord: answered ${status} {"message": "Unknown Webhook", "code": 10015}`,
        );
        const { isFinal, retryAfterMs } = error as unknown as typeof expected;
        assert.deepEqual({ isFinal, retryAfterMs }, expected);
        return true;
      });
    }
    const gone = await receiver();
    await gone[Symbol.asyncDispose]();
    await assert.rejects(slackChannel({ url: `${gone.url}/secret` }).send(MESSAGE, signal), {
      name: "ChannelError",
      message: "Cannot send alerts by slack: ECONNREFUSED",
    });
    assert.throws(() => slackChannel({ url: "hooks.slack.com/services/secret" }), {
      name: "TypeError",
      message: "Cannot make channel slack: 'url' must be an http or https URL, got hooks.slack.…",
    });
  });
});
