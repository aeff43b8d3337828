import { expect, it } from 'vitest';
import page from './index.html?raw';
import { VIEWS } from './views.ts';

it('the page has a part for each view', () => {
  for (const view of VIEWS) expect(page).toContain(`id="${view}"`);
});
