import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** Why there is no Prometheus to try things with; undefined where there is one. */
export const missingPrometheus: string | undefined = spawnSync("prometheus", ["--version"]).error
  ? "prometheus is not installed (Debian: prometheus)"
  : undefined;

/** A real Prometheus that scrapes one address each second. */
export class RealPrometheus implements AsyncDisposable {
  readonly url: string;
  readonly #child: ChildProcess;
  readonly #folder: string;
  #log = "";

  private constructor(url: string, child: ChildProcess, folder: string) {
    this.url = url;
    this.#child = child;
    this.#folder = folder;
    child.stderr!.on("data", (data) => (this.#log += String(data)));
  }

  /** @param target Host and port whose `/metrics` is scraped. */
  static async start(target: string): Promise<RealPrometheus> {
    const folder = await mkdtemp(join(tmpdir(), "demi-prometheus-"));
    const config = join(folder, "prometheus.yml");
    const scrape = { job_name: "demi", scrape_interval: "1s", static_configs: [{ targets: [target] }] };
    await writeFile(config, JSON.stringify({ scrape_configs: [scrape] })); // JSON is YAML
    const url = `127.0.0.1:${await freePort()}`;
    const options = ["--config.file", config, "--storage.tsdb.path", join(folder, "data")];
    const child = spawn(
      "prometheus",
      [...options, "--web.listen-address", url, "--enable-feature", "exemplar-storage"],
      { stdio: ["ignore", "ignore", "pipe"] },
    );
    return new RealPrometheus(`http://${url}`, child, folder);
  }

  /** The `data` of an answer of its API, asked again until it is as wanted. */
  async until<T>(path: string, isWanted: (data: T) => boolean): Promise<T> {
    for (;;) {
      if (this.#child.exitCode !== null) throw new Error(`Prometheus has ended: ${this.#log}`);
      const answer = await fetch(`${this.url}/api/v1/${path}`).catch(() => undefined);
      const data = answer?.ok ? ((await answer.json()) as { readonly data: T }).data : undefined;
      if (data !== undefined && isWanted(data)) return data;
      await sleep(100);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#child, "exit");
    if (this.#child.kill("SIGTERM")) await ended;
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
