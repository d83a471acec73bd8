/** The store's file is damaged. It was renamed, not touched otherwise; opening again starts an empty one. */
export class StoreCorruptError extends Error {
  override readonly name: string = "StoreCorruptError";
  readonly path: string;
  /** Where the damaged file is now. */
  readonly quarantinedPath: string;

  constructor(path: string, quarantinedPath: string, reason: string, cause?: unknown) {
    super(
      `Cannot open metrics store: ${path} must be an intact database, got ${JSON.stringify(reason)}; ` +
        `it was set aside as ${quarantinedPath}`,
      { cause },
    );
    this.path = path;
    this.quarantinedPath = quarantinedPath;
  }
}

/** The store's file can not be read, or nothing can be written beside it. */
export class StoreUnwritableError extends Error {
  override readonly name: string = "StoreUnwritableError";
  readonly path: string;
  /** The system's error code, such as `EACCES`. */
  readonly code: string;

  constructor(path: string, cause: NodeJS.ErrnoException) {
    const reason = cause.message.split(", ")[0]; // what follows would name a temporary file
    super(`Cannot open metrics store: ${path} must be a file in a writable folder, got ${reason}`, { cause });
    this.path = path;
    this.code = cause.code ?? "";
  }
}

/** The history could not be written; the file before it stands. */
export class StoreSaveError extends Error {
  override readonly name: string = "StoreSaveError";
  readonly path: string;
  /** The system's error code, such as `ENOSPC`. */
  readonly code: string;

  constructor(path: string, cause: unknown) {
    const { code = "", message = String(cause) } = cause as NodeJS.ErrnoException;
    super(`Cannot save metrics to ${path}: ${message}`, { cause });
    this.path = path;
    this.code = code;
  }
}

/** The store's file is an intact database that this version does not know. It is left as it is. */
export class StoreFormatError extends Error {
  override readonly name: string = "StoreFormatError";
  readonly path: string;

  constructor(path: string, found: string) {
    super(`Cannot open metrics store: ${path} must be a metrics store of this version, got ${found}`);
    this.path = path;
  }
}

/** A part of the journal is damaged. What came before the damage was taken in; the file was set aside. */
export class JournalDamagedError extends Error {
  override readonly name: string = "JournalDamagedError";
  readonly path: string;
  /** Where the damaged segment is now. */
  readonly quarantinedPath: string;

  constructor(damaged: { path: string; wholeBytes: number; bytes: number }, quarantinedPath: string) {
    const { path, wholeBytes, bytes } = damaged;
    super(
      `Cannot read journal whole: ${path} must be intact, got damage after ${wholeBytes} of ${bytes} bytes; ` +
        `what comes before was taken in, and it was set aside as ${quarantinedPath}`,
    );
    this.path = path;
    this.quarantinedPath = quarantinedPath;
  }
}

/** There are as many series as there may be: samples of new ones are left out. Usually one label has too many values. */
export class TooManySeriesError extends Error {
  override readonly name: string = "TooManySeriesError";
  readonly maxSeries: number;
  /** Key of the first series that was left out. */
  readonly key: string;

  constructor(maxSeries: number, key: string) {
    super(
      `Cannot append samples of new series: a store must have at most ${maxSeries}, got one more: ${key.slice(0, 200)}`,
    );
    this.maxSeries = maxSeries;
    this.key = key;
  }
}
