/** Tells of a disk that cannot be written to: once, until it can. The journal and the file share it. */
export class Trouble {
  readonly #onError: (error: unknown) => void;
  #isTold = false;

  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  tell(error: unknown): void {
    if (!this.#isTold) this.#onError(error);
    this.#isTold = true;
  }

  isOver(): void {
    this.#isTold = false;
  }
}
