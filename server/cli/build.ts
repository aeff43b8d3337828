import { runCommand } from '../terminal/failure.ts';
import { ensurePages } from '../app/pages.ts';

/** `npm run build`: builds the pages, unless they are those of their sources already. */
await runCommand(async () => {
  await ensurePages();
  return 0;
});
