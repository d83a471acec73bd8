import { SeededRandom } from "../../base/random.ts";

/** Details that Ollama gives of a model. */
interface ModelDetails {
  readonly parent_model: string;
  readonly format: string;
  readonly family: string;
  readonly families: readonly string[];
  readonly parameter_size: string;
  readonly quantization_level: string;
}

/** The models that a mock has, and which of them are in memory. */
export class OllamaModels {
  readonly #names: readonly string[];
  readonly #loaded = new Map<string, number>();
  readonly #keepAliveMs: number;

  constructor(names: readonly string[], keepAliveMs: number) {
    this.#names = names.map(withTag);
    this.#keepAliveMs = keepAliveMs;
  }

  /** Whether there is a model of that name; a missing tag means `latest`. */
  has(name: string): boolean {
    return this.#names.includes(withTag(name));
  }

  /** Puts a model into memory, or keeps it there, and says whether it was not. */
  load(name: string, nowMs: number): boolean {
    const until = this.#loaded.get(withTag(name)) ?? 0;
    this.#loaded.set(withTag(name), nowMs + this.#keepAliveMs);
    return until <= nowMs;
  }

  unload(name: string): void {
    this.#loaded.delete(withTag(name));
  }

  /** Body of `/api/tags`. */
  tags(): object {
    return {
      models: this.#names.map((name) => ({ ...describe(name), modified_at: "2026-01-01T00:00:00Z" })),
    };
  }

  /** Body of `/api/ps`. */
  running(nowMs: number): object {
    const living = [...this.#loaded].filter(([, until]) => until > nowMs);
    const models = living.map(([name, until]) => {
      const model = describe(name);
      const expires = new Date(until).toISOString();
      return Object.assign(model, { expires_at: expires, size_vram: model.size, context_length: 4096 });
    });
    return { models };
  }

  /** Body of `/api/show`. */
  show(name: string): object {
    const { details, size } = describe(withTag(name));
    return {
      modelfile: `FROM ${withTag(name)}`,
      parameters: "",
      template: "{{ .Prompt }}",
      details,
      model_info: { "general.architecture": details.family, "general.parameter_count": size * 2 },
      capabilities: ["completion"],
      modified_at: "2026-01-01T00:00:00Z",
    };
  }
}

function withTag(name: string): string {
  return name.includes(":") ? name : `${name}:latest`;
}

// Size and digest are made up from the name, so that they are the same in every run.
function describe(name: string): {
  name: string;
  model: string;
  size: number;
  digest: string;
  details: ModelDetails;
} {
  const random = new SeededRandom(`model ${name}`);
  const hex = (): string => random.nextUint32().toString(16).padStart(8, "0");
  const family = /^[a-z]+/i.exec(name)?.[0]?.toLowerCase() ?? "llama";
  return {
    name,
    model: name,
    size: random.integer(1_500_000_000, 5_000_000_000),
    digest: Array.from({ length: 8 }, hex).join(""),
    details: {
      parent_model: "",
      format: "gguf",
      family,
      families: [family],
      parameter_size: "3.2B",
      quantization_level: "Q4_K_M",
    },
  };
}
