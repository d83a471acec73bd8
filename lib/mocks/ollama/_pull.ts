import { describe, withTag } from "./_ollama_models.ts";

/** A line of progress, and how long it takes to come. */
export interface ProgressLine {
  readonly line: object;
  readonly delayMs: number;
}

const STEPS = 10;

/** What `/api/pull` says, in the time that it is given. */
export function pullProgress(name: string, totalMs: number): readonly ProgressLine[] {
  const { digest, size } = describe(withTag(name));
  const layer = `sha256:${digest}`;
  const status = `pulling ${digest.slice(0, 12)}`;
  const part = Math.floor(size / STEPS);
  const downloads = Array.from({ length: STEPS }, (_, step) => ({
    line: { status, digest: layer, total: size, completed: step === STEPS - 1 ? size : (step + 1) * part },
    delayMs: totalMs / STEPS,
  }));
  return [
    { line: { status: "pulling manifest" }, delayMs: 0 },
    { line: { status, digest: layer, total: size }, delayMs: 0 },
    ...downloads,
    ...["verifying sha256 digest", "writing manifest", "success"].map((said) => ({
      line: { status: said },
      delayMs: 0,
    })),
  ];
}

/** What `/api/create` says. */
export function createProgress(name: string, from: string): readonly ProgressLine[] {
  const { digest } = describe(withTag(from));
  const said = [
    "reading model metadata",
    `using existing layer sha256:${digest}`,
    `creating new layer sha256:${describe(withTag(name)).digest}`,
    "writing manifest",
    "success",
  ];
  return said.map((status) => ({ line: { status }, delayMs: 0 }));
}
