// Pocket Demi under casual load for some seconds, with a memory profiler or without; prints what it took as JSON.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { SimulatedUsers } from "../../examples/_simulated_users.ts";
import { PocketDemi } from "../../examples/demi/pocket_demi.ts";
import { SeededRandom } from "../../lib/base/random.ts";
import { systemClock } from "../../lib/base/system_clock.ts";
import { collectGarbage } from "../../lib/memory/force_gc.ts";
import { MemoryProfiler } from "../../lib/memory/memory_profiler.ts";
import { MockDiscordServer } from "../../lib/mocks/discord/mock_discord_server.ts";
import { MockOllamaServer } from "../../lib/mocks/ollama/mock_ollama_server.ts";

const WARM_UP_MS = 5000;

const [mode, seconds = "30"] = process.argv.slice(2);
await using running = new AsyncDisposableStack();
const folder = await mkdtemp(join(tmpdir(), "profiled-demi-"));
running.defer(() => rm(folder, { recursive: true, force: true }));
const random = new SeededRandom("profiled");
const discord = running.use(await MockDiscordServer.listen());
const ollama = running.use(await MockOllamaServer.listen({ random: random.stream("ollama") }));
const demi = new PocketDemi();
running.defer(() => demi.stop());
await demi.start({
  dataDirectory: folder,
  clock: systemClock,
  discord: { apiUrl: discord.apiUrl, token: discord.token },
  ollama: { url: ollama.url, model: ollama.model },
  listen: { host: "127.0.0.1", port: 0 },
});
const users = running.use(
  new SimulatedUsers({ discord, androidUrl: demi.url!, clock: systemClock, random: random.stream("users") }),
);
const profiler = running.use(new MemoryProfiler());
if (mode === "with") profiler.start();
users.start();
await systemClock.sleep(WARM_UP_MS);
const before = process.cpuUsage();
await systemClock.sleep(Number(seconds) * 1000);
const { user, system } = process.cpuUsage(before);
await collectGarbage();
const { rss } = process.memoryUsage();
process.stdout.write(JSON.stringify({ cpuRatio: (user + system) / (Number(seconds) * 1e6), rssBytes: rss }));
