import type { MockDiscordServer } from "../../../lib/mocks/discord/mock_discord_server.ts";

/** An answer of the REST API, read. */
export interface RestAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Readonly<Record<string, unknown>> & { readonly id: string; readonly code: number };
}

/** A plain request with the bot's token, as no library would alter it. */
export async function request(
  discord: MockDiscordServer,
  line: string,
  body?: unknown,
  init: RequestInit = {},
): Promise<RestAnswer> {
  const [method = "GET", path = "/"] = line.split(" ");
  const isJson = body !== undefined && !(body instanceof FormData) && typeof body !== "string";
  const response = await fetch(`${discord.apiUrl}/v10${path}`, {
    method,
    ...(body !== undefined && { body: isJson ? JSON.stringify(body) : (body as FormData | string) }),
    ...init,
    headers: {
      authorization: `Bot ${discord.token}`,
      ...(isJson && { "content-type": "application/json" }),
      ...(init.headers as Record<string, string> | undefined),
    },
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: (text === "" ? {} : JSON.parse(text)) as RestAnswer["body"],
  };
}

/** Path of the messages of the first channel. */
export function messagesOf(discord: MockDiscordServer): string {
  return `/channels/${discord.channels[0]!.id}/messages`;
}

/** Rules of what the mock saw its client do wrong. */
export function rulesOf(discord: MockDiscordServer): string[] {
  return [...discord.violations].map(({ rule }) => rule);
}
