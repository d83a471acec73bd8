// Somebody else's bot: it asks its model about each message alone, feels before it answers, and keeps its mood in a file.
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";

const [apiUrl, token, directory = "", port, ollamaUrl, model] = process.argv.slice(2);
const file = join(directory, "mood.json");
const headers = { authorization: `Bot ${token}`, "content-type": "application/json" };
const names = ["loneliness", "excitement", "frustration", "jealousy", "vulnerability"];
names.push("confidence", "curiosity", "affection", "defensiveness");

interface Arrived {
  readonly op: number;
  readonly t?: string | null;
  readonly d: { id: string; content: string; channel_id: string; author?: { bot?: boolean } };
}

let mood: Record<string, unknown> = {
  ...Object.fromEntries(names.map((name) => [name, 0.5])),
  last_updated: new Date().toISOString(),
};
try {
  mood = JSON.parse(readFileSync(file, "utf8")) as typeof mood;
} catch {
  save(); // its first day
}

function save(): void {
  const target = openSync(`${file}.new`, "w");
  writeSync(target, JSON.stringify(mood));
  fsyncSync(target);
  closeSync(target);
  renameSync(`${file}.new`, file);
}

async function think(content: string): Promise<string> {
  const messages = [{ role: "user", content }];
  const body = JSON.stringify({ model, stream: false, messages });
  const answer = await fetch(`${ollamaUrl}/api/chat`, { method: "POST", body });
  return ((await answer.json()) as { message: { content: string } }).message.content;
}

async function answer({ id, content, channel_id: channel, author }: Arrived["d"]): Promise<void> {
  if (author?.bot) return;
  const excitement = Math.min(1, Number(mood["excitement"]) + 0.05);
  mood = { ...mood, excitement, last_updated: new Date().toISOString() };
  save();
  const body = JSON.stringify({ content: await think(content), message_reference: { message_id: id } });
  await fetch(`${apiUrl}/v10/channels/${channel}/messages`, { method: "POST", headers, body });
}

const gateway = await fetch(`${apiUrl}/v10/gateway/bot`, { headers });
const { url } = (await gateway.json()) as { url: string };
const socket = new WebSocket(`${url}/?v=10&encoding=json`);
socket.addEventListener("message", ({ data }) => {
  const { op, t, d } = JSON.parse(String(data)) as Arrived;
  if (op === 10) {
    const properties = { os: "linux", browser: "test", device: "test" };
    socket.send(JSON.stringify({ op: 2, d: { token, intents: 0x9201, properties } }));
  }
  if (t === "READY") listen();
  if (t === "MESSAGE_CREATE") void answer(d);
});

function listen(): void {
  const server = createServer(({ url: path }, response) => {
    const platforms = [{ name: "discord", status: "online" }];
    response.end(JSON.stringify(path === "/api/emotions" ? mood : { platforms }));
  });
  server.listen(Number(port), "127.0.0.1", () => console.log(`ready http://127.0.0.1:${port}`));
}

process.on("SIGTERM", () => {
  save();
  process.exit(0);
});
