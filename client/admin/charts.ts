import type { AdminSnapshot } from '../../shared/protocol/admin.ts';
import { byId } from '../page/dom.ts';
import { formatLoss, formatPercent } from '../page/format.ts';
import { Chart } from './chart.ts';
import { accuracyRange, lossRange, plot, X_AXES, type XAxis } from './chartData.ts';

const accuracy = new Chart(byId('chart-accuracy'), byId('accuracy-readout'), {
  name: 'Test accuracy',
  value: formatPercent,
  tick: (y) => `${Number((y * 100).toFixed(2))}%`,
  range: accuracyRange,
});
const loss = new Chart(byId('chart-loss'), byId('loss-readout'), {
  name: 'Test loss',
  value: formatLoss,
  tick: (y) => String(Number(y.toFixed(4))),
  range: (_, highest) => lossRange(highest),
});

let axis: XAxis = 'time';
let latest: AdminSnapshot['measurements'] = [];
let drawn = '';

function draw(): void {
  // Snapshots come more often than measurements; a chart that is not touched keeps the pointer's place.
  const last = latest.at(-1);
  const now = `${axis} ${latest.length} ${last?.version ?? ''} ${last?.seconds ?? ''}`;
  if (now === drawn) return;
  drawn = now;
  accuracy.show(plot(latest, 'testAccuracy', axis));
  loss.show(plot(latest, 'testLoss', axis));
}

export function renderCharts({ measurements }: AdminSnapshot): void {
  latest = measurements;
  draw();
}

const isAxis = (value: string): value is XAxis => value in X_AXES;

/** Connects the switch between time and samples. */
export function wireCharts(): void {
  for (const input of document.querySelectorAll<HTMLInputElement>('input[name="axis"]')) {
    input.addEventListener('change', () => {
      if (isAxis(input.value)) axis = input.value;
      draw();
    });
    // A reload may bring back the choice that was made before it.
    if (input.checked && isAxis(input.value)) axis = input.value;
  }
}
