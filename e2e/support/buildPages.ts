import { ensurePages } from '../../server/cli/pages.ts';

/** Builds the pages once for all tests, before the first of them. */
export async function setup(): Promise<void> {
  await ensurePages();
}
