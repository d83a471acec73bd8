import type { Socket } from "node:net";
import type { Clock } from "../../base/clock.ts";
import type { SeededRandom } from "../../base/random.ts";
import type { FaultSource } from "./fault_log.ts";
import { type Item, Link } from "./_link.ts";
import type { Toxic } from "./toxics.ts";

/** What one direction of a connection works with. */
export interface PipeBasis {
  readonly clock: Clock;
  readonly random: SeededRandom;
  readonly source: FaultSource;
  /** Aborts when nobody waits for what passes here any more. */
  readonly abandoned: AbortSignal;
  /** A toxic ends the connection on the side to which this leads. */
  readonly close: () => void;
  readonly reset: () => void;
  /** All that was read has been written, and the end, too. */
  readonly onEnd: () => void;
}

interface Place {
  /** Position of the toxic among all of its proxy. */
  readonly order: number;
  readonly link: Link;
}

/** One direction of a connection: what is read from one socket goes through the toxics, in order, to the other. */
export class Pipe {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #basis: PipeBasis;
  readonly #places: Place[] = [];
  #bytes = 0;
  #isCut = false;
  #hasEnded = false;

  constructor(from: Socket, to: Socket, basis: PipeBasis) {
    this.#from = from;
    this.#to = to;
    this.#basis = basis;
  }

  /** Number of bytes that arrived. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether the end has been passed on. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  start(): void {
    this.#from.on("data", (data: Buffer) => {
      if (this.#isCut) return;
      const offset = this.#bytes;
      this.#bytes += data.length;
      const room = this.#enter(0, { data, offset, arrivedMs: this.#basis.clock.monotonicMs() });
      if (room) void this.#pauseUntil(room);
    });
    this.#from.on("end", () => this.#cutOff());
  }

  /** Puts a toxic at work, in the place of its order. */
  set(order: number, toxic: Toxic): void {
    const known = this.#places.find((place) => place.order === order);
    if (known) return known.link.set(toxic);
    const place: Place = { order, link: this.#makeLink(order) };
    const behind = this.#places.findIndex((each) => each.order > order);
    this.#places.splice(behind < 0 ? this.#places.length : behind, 0, place);
    place.link.set(toxic);
  }

  /** Ends the toxic of that order, if it is here. */
  clear(order: number): void {
    this.#places.find((place) => place.order === order)?.link.retire();
  }

  /** Reads no more; the end comes behind what is on its way. */
  cutOff(): void {
    this.#cutOff();
  }

  /** What is on its way is lost. */
  stop(): void {
    this.#isCut = true;
    for (const { link } of this.#places) link.stop();
  }

  #cutOff(): void {
    if (this.#isCut) return;
    this.#isCut = true;
    void this.#enter(0, { endsAt: this.#bytes });
  }

  async #pauseUntil(room: Promise<void>): Promise<void> {
    this.#from.pause();
    await room;
    if (!this.#from.destroyed) this.#from.resume();
  }

  #makeLink(order: number): Link {
    const { clock, random, source, abandoned, close, reset } = this.#basis;
    const link: Link = new Link({
      clock,
      random: random.stream(`toxic ${order}`),
      abandoned,
      close,
      reset,
      pass: async (item) => await this.#enter(this.#indexOf(link) + 1, item),
      record: ({ kind, name }, offset) =>
        source.record(kind, `${name === undefined ? "" : `${name} `}at byte ${offset}`),
      onEmpty: () => void this.#places.splice(this.#indexOf(link), 1),
    });
    return link;
  }

  #indexOf(link: Link): number {
    return this.#places.findIndex((place) => place.link === link);
  }

  /** Undefined where there is room for more at once. */
  #enter(index: number, item: Item): Promise<void> | undefined {
    const place = this.#places[index];
    if (place) return place.link.put(item);
    return "data" in item ? this.#write(item.data) : this.#end();
  }

  #write(data: Buffer): Promise<void> | undefined {
    if (this.#to.destroyed || this.#to.writableEnded || this.#to.write(data)) return undefined;
    return drained(this.#to);
  }

  #end(): undefined {
    this.#hasEnded = true;
    if (!this.#to.destroyed && !this.#to.writableEnded) this.#to.end();
    this.#basis.onEnd();
  }
}

function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      socket.off("drain", done).off("close", done);
      resolve();
    };
    socket.on("drain", done).on("close", done);
  });
}
