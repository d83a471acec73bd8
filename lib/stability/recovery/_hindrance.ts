/** Why a case says nothing about the companion. */
export class Hindrance extends Error {
  override readonly name: string = "Hindrance";
  readonly outcome: "not-possible" | "not-enough-evidence";

  constructor(outcome: Hindrance["outcome"], why: string, cause?: unknown) {
    super(why, { cause });
    this.outcome = outcome;
  }
}

/** What an error says, in a line or several. */
export function toSentence(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.name === "AssertionError" || error.name === "Error"
    ? error.message
    : `${error.name}: ${error.message}`;
}
