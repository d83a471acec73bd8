import type { Annotation } from "./annotation.ts";
import type { StoredEvent } from "./_content.ts";

const MOST = 10_000;

/** Annotations in order of time; the newest, where there are too many. */
export class AnnotationList {
  #annotations: Annotation[] = [];

  /** One that is there already is not added again: a journal may tell of it a second time. */
  add(annotation: Annotation): void {
    const list = this.#annotations;
    let at = list.length;
    while (at > 0 && list[at - 1]!.time > annotation.time) at--;
    const json = JSON.stringify(annotation);
    for (let i = at - 1; i >= 0 && list[i]!.time === annotation.time; i--) {
      if (JSON.stringify(list[i]) === json) return;
    }
    list.splice(at, 0, { ...annotation });
    if (list.length > MOST) list.shift();
  }

  load({ time, endTime, kind, text, labels }: StoredEvent): void {
    const end = endTime === undefined ? {} : { endTime };
    const own = labels === "" ? {} : { labels: JSON.parse(labels) as Record<string, string> };
    this.#annotations.push({ time, ...end, kind, text, ...own });
  }

  between(from: number, to: number, kind: string | undefined): Annotation[] {
    return this.#annotations.filter(
      (one) =>
        one.time <= to && (one.endTime ?? one.time) >= from && (kind === undefined || one.kind === kind),
    );
  }

  dropBefore(time: number): void {
    while (this.#annotations.length > 0 && this.#annotations[0]!.time < time) this.#annotations.shift();
  }

  all(): readonly StoredEvent[] {
    return this.#annotations.map(({ time, endTime, kind, text, labels }) => ({
      time,
      endTime,
      kind,
      text,
      labels: labels ? JSON.stringify(labels) : "",
    }));
  }
}
