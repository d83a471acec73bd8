const TEXTS_KEPT = 1000;

/** What the devices of one user share: how often each text was sent, and who wants to know of it. */
export class AndroidAccount {
  static readonly #known = new Map<string, AndroidAccount>();
  readonly #sent = new Map<string, number>();
  readonly #devices = new Set<() => void>();
  readonly #keys = new Set<string>();

  /**
   * The account that all devices of this process share.
   *
   * @param url Where the companion is.
   * @param onSend Called when any device of the user sends.
   */
  static join(url: string, userId: string, onSend: () => void): AndroidAccount {
    const key = `${url} ${userId}`;
    const account = AndroidAccount.#known.get(key) ?? new AndroidAccount();
    account.#devices.add(onSend);
    account.moveTo(url, userId);
    return account;
  }

  /** The companion has moved. */
  moveTo(url: string, userId: string): void {
    const key = `${url} ${userId}`;
    this.#keys.add(key);
    if (!AndroidAccount.#known.has(key)) AndroidAccount.#known.set(key, this);
  }

  /** The device is gone; with the last one the account is forgotten. */
  leave(onSend: () => void): void {
    this.#devices.delete(onSend);
    if (this.#devices.size > 0) return;
    for (const key of this.#keys)
      if (AndroidAccount.#known.get(key) === this) AndroidAccount.#known.delete(key);
  }

  /** A device sent a text. */
  sent(text: string): void {
    this.#sent.set(text, this.timesSent(text) + 1);
    const [oldest] = this.#sent.keys();
    if (this.#sent.size > TEXTS_KEPT) this.#sent.delete(oldest!);
    for (const onSend of this.#devices) onSend();
  }

  /** 0 for a text that was forgotten, too. */
  timesSent(text: string): number {
    return this.#sent.get(text) ?? 0;
  }
}
