import { SeededRandom } from "../../base/random.ts";

/** What a model can do. */
export type OllamaCapability = "completion" | "tools" | "thinking" | "vision" | "embedding" | "insert";

/** A model that a mock has. */
export interface OllamaModel {
  readonly name: string;
  /** @default by the name: `qwen3` and `deepseek-r1` think, `llava` sees, `nomic-embed-text` embeds */
  readonly capabilities?: readonly OllamaCapability[] | undefined;
  /** Length of its embeddings. @default {768} */
  readonly embeddingLength?: number | undefined;
}

/** Details that Ollama gives of a model. */
interface ModelDetails {
  readonly parent_model: string;
  readonly format: string;
  readonly family: string;
  readonly families: readonly string[];
  readonly parameter_size: string;
  readonly quantization_level: string;
}

const HINTS: readonly (readonly [RegExp, readonly OllamaCapability[]])[] = [
  [/embed|minilm|bge-/, ["embedding"]],
  [/qwen3|deepseek-r1|gpt-oss|think/, ["completion", "tools", "thinking"]],
  [/llava|vision|gemma3|moondream/, ["completion", "vision"]],
];

/** The models that a mock has, and which of them are in memory. */
export class OllamaModels {
  readonly #models = new Map<string, OllamaModel>();
  /** Until when each is in memory, in the order in which they were used last. */
  readonly #loaded = new Map<string, number>();
  readonly #maxLoaded: number;

  constructor(models: readonly (string | OllamaModel)[], maxLoaded: number) {
    for (const model of models) this.add(typeof model === "string" ? { name: model } : model);
    this.#maxLoaded = maxLoaded;
  }

  /** Whether there is a model of that name; a missing tag means `latest`. */
  has(name: string): boolean {
    return this.#models.has(withTag(name));
  }

  add(model: OllamaModel): void {
    this.#models.set(withTag(model.name), model);
  }

  /** Says whether both were as they must be. */
  copy(source: string, destination: string): boolean {
    const model = this.#models.get(withTag(source));
    if (model) this.add({ ...model, name: destination });
    return model !== undefined;
  }

  delete(name: string): boolean {
    this.unload(name);
    return this.#models.delete(withTag(name));
  }

  can(name: string, capability: OllamaCapability): boolean {
    return this.#capabilities(withTag(name)).includes(capability);
  }

  embeddingLength(name: string): number {
    return this.#models.get(withTag(name))?.embeddingLength ?? 768;
  }

  /** Whether it is in memory. */
  isLoaded(name: string, nowMs: number): boolean {
    return (this.#loaded.get(withTag(name)) ?? 0) > nowMs;
  }

  /** Puts a model into memory, or keeps it there; beyond the most that fit, the one unused for longest goes. */
  load(name: string, nowMs: number, keepAliveMs: number): void {
    const tagged = withTag(name);
    this.#loaded.delete(tagged);
    this.#loaded.set(tagged, nowMs + keepAliveMs);
    for (const [other, until] of this.#loaded) {
      if (until <= nowMs || this.#loaded.size > this.#maxLoaded) this.#loaded.delete(other);
    }
  }

  unload(name: string): void {
    this.#loaded.delete(withTag(name));
  }

  get names(): readonly string[] {
    return [...this.#models.keys()];
  }

  /** Body of `/api/tags`. */
  tags(): object {
    const modified_at = "2026-01-01T00:00:00Z";
    return { models: this.names.map((name) => ({ ...describe(name), modified_at })) };
  }

  /** Body of `/api/ps`. */
  running(nowMs: number): object {
    const living = [...this.#loaded].filter(([, until]) => until > nowMs);
    const models = living.map(([name, until]) => {
      const model = describe(name);
      const expires_at = new Date(Math.min(until, 8.64e15)).toISOString();
      return Object.assign(model, { expires_at, size_vram: model.size, context_length: 4096 });
    });
    return { models };
  }

  /** Body of `/api/show`. */
  show(name: string): object {
    const tagged = withTag(name);
    const { details, size } = describe(tagged);
    return {
      license: "none: the model is a mock's",
      modelfile: `FROM ${tagged}`,
      parameters: "",
      template: "{{ .Prompt }}",
      details,
      model_info: {
        "general.architecture": details.family,
        "general.parameter_count": size * 2,
        [`${details.family}.context_length`]: 131_072,
        [`${details.family}.embedding_length`]: this.embeddingLength(name),
      },
      capabilities: this.#capabilities(tagged),
      modified_at: "2026-01-01T00:00:00Z",
    };
  }

  #capabilities(tagged: string): readonly OllamaCapability[] {
    const { capabilities } = this.#models.get(tagged) ?? {};
    const hinted = HINTS.find(([pattern]) => pattern.test(tagged))?.[1];
    return capabilities ?? hinted ?? ["completion", "tools"];
  }
}

/** The name with its tag, `latest` where it has none. */
export function withTag(name: string): string {
  return name.includes(":") ? name : `${name}:latest`;
}

/** Made up from the name, so that it is the same in every run. */
export function describe(name: string): {
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
