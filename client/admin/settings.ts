import type { AdminSnapshot } from '../../shared/protocol/admin.ts';
import { byId, element } from '../page/dom.ts';
import { NONE } from '../page/format.ts';

type Value = AdminSnapshot['settings'][string];

/** A setting as the command line has it. */
export function describeSetting(value: Value): string {
  if (value === null || value === '') return NONE;
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return String(value);
}

let drawn = '';

/** The run's settings; drawn anew only when they differ, which is hardly ever. */
export function renderSettings({ settings }: AdminSnapshot): void {
  const now = JSON.stringify(settings);
  if (now === drawn) return;
  drawn = now;
  byId('settings').replaceChildren(
    ...Object.entries(settings).map(([key, value]) => {
      const row = element('div');
      row.append(element('dt', '', key), element('dd', '', describeSetting(value)));
      return row;
    }),
  );
}
