import { ensurePages } from '../../server/app/pages.ts';

/** Builds the pages once, before the first of the tests that need them. */
export async function setup(): Promise<void> {
  await ensurePages();
}
