// This module is browser-safe.
import { LitElement, type PropertyDeclarations, type PropertyValues } from "lit";
import { FeedController } from "./_feed_controller.ts";

/** What all elements have in common: the feed that they show, unless they are given what to show. */
export abstract class FeedElement extends LitElement {
  static override properties: PropertyDeclarations = {
    src: { type: String },
    token: { attribute: false },
  };

  /** Address of the feed. Elements with the same one share a connection. */
  declare src: string;
  /** Bearer token of the feed. A property only: what is in an attribute ends up in pages and logs. */
  declare token: string | undefined;

  protected readonly feed: FeedController = new FeedController(this, () => this.onFeed());

  constructor() {
    super();
    this.src = "";
    this.token = undefined;
  }

  protected override willUpdate(_changed: PropertyValues): void {
    this.feed.follow();
  }

  /** Called after each change of the feed, before the element renders. */
  protected onFeed(): void {}
}
