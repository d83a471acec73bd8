// This module is browser-safe.
import type { ReactiveController, ReactiveControllerHost } from "lit";
import { readChartColors, SERIES_DASHES } from "./_chart_colors.ts";
import { type ChartView, LineChart } from "./_line_chart.ts";

/** An element that has a place to draw, `.drawing`, in its rendering. */
export interface ChartHost extends ReactiveControllerHost {
  readonly renderRoot: HTMLElement | DocumentFragment;
  readonly isConnected: boolean;
}

/** Draws what an element wants drawn, after each rendering, and again when its size or the colour scheme changes. */
export class ChartController implements ReactiveController {
  readonly #host: ChartHost;
  readonly #view: () => ChartView | undefined;
  #chart: LineChart | undefined;
  #target: HTMLElement | undefined;
  #drawn: ChartView | undefined;
  #resize: ResizeObserver | undefined;
  #scheme: MediaQueryList | undefined;

  /** @param view What to draw; the same object as before when nothing has changed. */
  constructor(host: ChartHost, view: () => ChartView | undefined) {
    this.#host = host;
    this.#view = view;
    host.addController(this);
  }

  hostConnected(): void {
    this.#scheme = matchMedia("(prefers-color-scheme: dark)");
    this.#scheme.addEventListener("change", this.#onScheme);
    this.#resize = new ResizeObserver(([entry]) => {
      if (!entry) return;
      // what was hidden had no size to be drawn in
      if (!this.#chart) this.#host.requestUpdate();
      this.#chart?.resize(Math.floor(entry.contentRect.width), Math.floor(entry.contentRect.height));
    });
    // an element that was moved has its rendering, but lost its chart
    this.#host.requestUpdate();
  }

  hostUpdated(): void {
    const view = this.#view();
    const target = this.#host.renderRoot.querySelector<HTMLElement>(".drawing") ?? undefined;
    if (target !== this.#target) this.#move(target);
    if (!view || !target || !this.#host.isConnected) return this.#drop();
    if (target.clientWidth === 0) return;
    if (!this.#chart) this.#chart = new LineChart(target, view, () => this.#colors());
    else if (view !== this.#drawn) this.#chart.draw(view);
    this.#drawn = view;
  }

  hostDisconnected(): void {
    this.#scheme?.removeEventListener("change", this.#onScheme);
    this.#move(undefined);
  }

  #move(target: HTMLElement | undefined): void {
    this.#drop();
    this.#resize?.disconnect();
    this.#target = target;
    if (target) this.#resize?.observe(target);
  }

  #drop(): void {
    this.#chart?.destroy();
    this.#chart = undefined;
    this.#drawn = undefined;
  }

  #colors(): ReturnType<typeof readChartColors> {
    return readChartColors(this.#host.renderRoot as ParentNode, SERIES_DASHES.length);
  }

  readonly #onScheme = (): void => this.#chart?.redraw();
}
