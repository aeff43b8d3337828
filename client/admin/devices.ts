import { VERDICTS } from '../../shared/profile/profile.ts';
import type { AdminSnapshot, DeviceRow } from '../../shared/protocol/admin.ts';
import { byId, element, setText } from '../page/dom.ts';
import { makeDeviceButtons, renderDeviceButtons } from './deviceActions.ts';
import { COLUMNS, sortDevices, summarise, type Column } from './deviceColumns.ts';

const rows = new Map<string, HTMLTableRowElement>();

/** The device table. Rows are kept and changed in place, so that selecting text in them works while they live. */
export function renderDevices(snapshot: AdminSnapshot): void {
  const { devices } = snapshot;
  renderHead();
  setText(byId('device-summary'), devices.length > 0 ? summarise(devices) : '');
  byId('no-devices').hidden = devices.length > 0;
  byId('devices').hidden = devices.length === 0;
  byId('device-note').hidden = devices.length === 0;

  const sorted = sortDevices(devices);
  const present = new Set(sorted.map(({ device }) => device));
  for (const [device, row] of rows) {
    if (present.has(device)) continue;
    row.remove();
    rows.delete(device);
  }
  const body = byId('device-rows');
  sorted.forEach((device, place) => {
    const row = rows.get(device.device) ?? makeRow(device);
    fillRow(row, device);
    const bar = row.querySelector('.acts');
    if (bar !== null) renderDeviceButtons(bar, device, snapshot);
    if (body.children[place] !== row) body.insertBefore(row, body.children[place] ?? null);
  });
}

function renderHead(): void {
  const head = byId('device-head');
  if (head.childElementCount > 0) return;
  for (const { label, number } of COLUMNS) {
    const cell = element('th', number ? 'number' : '', label);
    cell.scope = 'col';
    cell.setAttribute('role', 'columnheader');
    head.append(cell);
  }
}

function makeRow({ device }: DeviceRow): HTMLTableRowElement {
  const row = element('tr');
  row.setAttribute('role', 'row');
  row.dataset.testid = 'device-row';
  row.dataset.device = device;
  for (const { key, label, number } of COLUMNS) {
    const cell = element('td', number ? 'number' : '');
    cell.setAttribute('role', 'cell');
    cell.dataset.key = key;
    cell.dataset.label = label;
    const main = key === 'device' ? 'id' : key === 'state' || key === 'trust' ? 'mark' : '';
    cell.append(element('span', main), element('span', 'chip'), element('span', 'detail'));
    const warning = element('span', 'warning');
    if (key === 'engine') warning.dataset.testid = 'trial';
    cell.append(warning);
    if (key === 'trust') cell.append(makeDeviceButtons(device));
    row.append(cell);
  }
  rows.set(device, row);
  return row;
}

function fillRow(row: HTMLTableRowElement, device: DeviceRow): void {
  row.dataset.state = device.state;
  COLUMNS.forEach((column, place) => {
    const cell = row.children[place];
    if (cell instanceof HTMLElement) fillCell(cell, column, device);
  });
}

function fillCell(cell: HTMLElement, column: Column, device: DeviceRow): void {
  const [main, chip, detail, warning] = [...cell.children].filter((part) => part instanceof HTMLElement);
  if (!(main && chip && detail && warning)) return;
  setText(main, column.text(device));
  if (column.key === 'state') main.dataset.state = device.state;
  if (column.key === 'trust') main.dataset.trust = device.trust.state;
  const title = column.title?.(device);
  if (title !== undefined && main.title !== title) main.title = title;
  setText(chip, column.chip?.(device) ?? '');
  chip.hidden = chip.textContent === '';
  fillLines(detail, column.detail?.(device) ?? '');
  fillLines(warning, column.warning?.(device) ?? '');
  if (column.key === 'engine') warning.dataset.value = badTrials(device);
}

/** Shows the first lines of a text in a cell, and all of it on hover. */
function fillLines(part: HTMLElement, text: string): void {
  setText(part, text);
  if (part.title !== text) part.title = text;
  part.hidden = text === '';
}

/** For instance `webgpu:wrong`, for programs that read the page as data. */
function badTrials({ profile }: DeviceRow): string {
  return profile.trials
    .filter(({ verdict }) => !VERDICTS[verdict].isGood)
    .map(({ name, verdict }) => `${name}:${verdict}`)
    .join(' ');
}
