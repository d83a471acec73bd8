/** The companion refused a login, a token or a connection. */
export class AndroidAuthError extends Error {
  override readonly name: string = "AndroidAuthError";
  /** HTTP status of the refusal. */
  readonly status: number;

  constructor(what: string, status: number, detail: string) {
    super(`Cannot ${what}: the companion answered ${status}${detail ? ` (${detail})` : ""}`);
    this.status = status;
  }
}

/** The connection to the companion is not there. */
export class AndroidClosedError extends Error {
  override readonly name: string = "AndroidClosedError";
}

interface FrameErrorOptions extends ErrorOptions {
  readonly isUnknownEvent?: boolean | undefined;
}

/** What the companion sent is not of the protocol. */
export class AndroidFrameError extends SyntaxError {
  override readonly name: string = "AndroidFrameError";
  /** What is wrong, such as `sender`. */
  readonly field: string;
  /** What it must be. */
  readonly rule: string;

  /** Whether it is well-formed, and of a kind that the app does not know. */
  readonly isUnknownEvent: boolean;

  constructor(field: string, rule: string, got: string, options: FrameErrorOptions = {}) {
    super(`Cannot read the companion's frame: ${field} must be ${rule}, got ${got}`, options);
    this.field = field;
    this.rule = rule;
    this.isUnknownEvent = options.isUnknownEvent === true;
  }
}
