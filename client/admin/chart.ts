import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { setText } from '../page/dom.ts';
import { formatShort } from '../page/format.ts';
import { xRange, type Plotted } from './chartData.ts';

export interface ChartStyle {
  /** For screen readers. */
  name: string;
  value: (y: number) => string;
  tick: (y: number) => string;
  range: (lowest: number, highest: number) => [number, number];
}

const FONT = '12px system-ui, -apple-system, "Segoe UI", Roboto, Arial, sans-serif';
const EMPTY: Plotted = { xs: [], ys: [], xLabel: '', where: [] };
/** Up to this many points each is drawn as a dot. */
const DOTS = 30;

/** A colour of the theme as it is now: light or dark. */
const colour = (name: string) => () =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** One line over x, as wide as its host, with the value under the pointer (else the last one) written out. */
export class Chart {
  readonly #host: HTMLElement;
  readonly #readout: HTMLElement;
  readonly #style: ChartStyle;
  #uplot: uPlot | null = null;
  #shown = EMPTY;

  constructor(host: HTMLElement, readout: HTMLElement, style: ChartStyle) {
    this.#host = host;
    this.#readout = readout;
    this.#style = style;
    new ResizeObserver(() => this.#fit()).observe(host);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#uplot?.redraw());
  }

  show(plotted: Plotted): void {
    this.#shown = plotted;
    this.#host.toggleAttribute('data-empty', plotted.xs.length === 0);
    this.#fit();
    this.#uplot?.setData([plotted.xs, plotted.ys]);
    this.#read();
  }

  #size(): { width: number; height: number } {
    return { width: this.#host.clientWidth, height: this.#host.clientHeight };
  }

  #fit(): void {
    const { width, height } = this.#size();
    if (width === 0 || height === 0) return;
    if (!this.#uplot) this.#uplot = new uPlot(this.#options(), [this.#shown.xs, this.#shown.ys], this.#host);
    else if (this.#uplot.width !== width || this.#uplot.height !== height)
      this.#uplot.setSize({ width, height });
  }

  #read(): void {
    const { xs, ys, where } = this.#shown;
    const place = this.#uplot?.cursor.idx ?? xs.length - 1;
    const y = ys[place];
    const words = y === undefined ? '' : `${this.#style.value(y)} ${where[place] ?? ''}`;
    setText(this.#readout, words);
    this.#host.setAttribute('aria-label', `${this.#style.name}: ${words || 'no measurement yet'}`);
  }

  #options(): uPlot.Options {
    const { tick, range } = this.#style;
    const axis = {
      stroke: colour('--quiet'),
      font: FONT,
      grid: { stroke: colour('--line'), width: 1 },
      ticks: { stroke: colour('--line'), width: 1, size: 4 },
    };
    return {
      ...this.#size(),
      padding: [10, 14, 0, 0],
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false } },
      scales: {
        x: { time: false, range: (_, __, max) => xRange(max) },
        y: {
          range: () => {
            const { ys } = this.#shown;
            return ys.length > 0 ? range(Math.min(...ys), Math.max(...ys)) : range(0, 0);
          },
        },
      },
      axes: [
        {
          ...axis,
          space: 64,
          size: 34,
          label: () => this.#shown.xLabel,
          labelFont: FONT,
          labelSize: 20,
          values: (_, splits) => splits.map(formatShort),
        },
        { ...axis, space: 36, size: 48, values: (_, splits) => splits.map(tick) },
      ],
      series: [
        {},
        {
          stroke: colour('--accent'),
          width: 2,
          points: {
            show: (plot) => plot.data[0].length <= DOTS,
            size: 6,
            fill: colour('--accent'),
            stroke: colour('--accent'),
          },
        },
      ],
      hooks: { setCursor: [() => this.#read()] },
    };
  }
}
