import { missingProgram, RealServer } from "../_real_server.ts";

/** Why there is no Prometheus to try things with; undefined where there is one. */
export const missingPrometheus: string | undefined = missingProgram("prometheus");

/** A real Prometheus that scrapes one address each second. */
export class RealPrometheus implements AsyncDisposable {
  readonly #server: RealServer;

  private constructor(server: RealServer) {
    this.#server = server;
  }

  get url(): string {
    return this.#server.url;
  }

  /** @param target Host and port whose `/metrics` is scraped. */
  static async start(target: string): Promise<RealPrometheus> {
    const scrape = { job_name: "demi", scrape_interval: "1s", static_configs: [{ targets: [target] }] };
    const server = await RealServer.start({
      command: "prometheus",
      config: { scrape_configs: [scrape] },
      args: (config, folder, address) => [
        "--config.file",
        config,
        "--storage.tsdb.path",
        folder,
        "--web.listen-address",
        address,
        "--enable-feature",
        "exemplar-storage",
      ],
    });
    return new RealPrometheus(server);
  }

  /** The `data` of an answer of its API, asked again until it is as wanted. */
  async until<T>(path: string, isWanted: (data: T) => boolean): Promise<T> {
    const { data } = await this.#server.until<{ data: T }>(`/api/v1/${path}`, (answer) =>
      isWanted(answer.data),
    );
    return data;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
  }
}
