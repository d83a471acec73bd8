// This module is browser-safe.

/** A name and a version, such as `Node 26.10.0`, `Deno 2.9.6` or `Bun 1.4.5`. */
export function describeRuntime(): string {
  const { Deno, Bun, process } = globalThis as unknown as Runtimes;
  if (Deno) return `Deno ${Deno.version.deno}`;
  if (Bun) return `Bun ${Bun.version}`;
  return process?.versions?.node ? `Node ${process.versions.node}` : "this runtime";
}

interface Runtimes {
  readonly Deno?: { readonly version: { readonly deno: string } };
  readonly Bun?: { readonly version: string };
  readonly process?: { readonly versions?: { readonly node?: string } };
}

/**
 * The runtime does not offer what was asked for. Thrown where nothing can be done without it; a field of the result where
 * the rest still holds.
 */
export class UnsupportedError extends Error {
  override readonly name = "UnsupportedError";
  /** What is missing, such as `sampling heap profiler`. */
  readonly feature: string;
  readonly runtime: string;

  constructor(verb: string, feature: string, options: ErrorOptions = {}) {
    const runtime = describeRuntime();
    super(`Cannot ${verb}: the runtime must offer a ${feature}, got ${runtime}`, options);
    this.feature = feature;
    this.runtime = runtime;
  }
}
