import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { DESKTOP, openBrowser, openPage, openTab, PHONE } from '../e2e/support/tabs.ts';
import { Cleanup, startServer } from '../e2e/support/testServer.ts';

/** `npm run pictures`: trains with two tabs and takes the pictures of the two pages that the README shows. */

const FOLDER = fileURLToPath(new URL('../docs/images', import.meta.url));
const MEASUREMENTS = 8;
const LOOK_EVERY_MS = 250;

const cleanup = new Cleanup();
try {
  await mkdir(FOLDER, { recursive: true });
  const server = await startServer(cleanup, []);
  const browser = await openBrowser(cleanup);
  const phone = await openTab(browser, server.url, { viewport: PHONE });
  await openTab(browser, server.url, { viewport: DESKTOP });
  const admin = await openPage(browser, server.adminUrl, { viewport: DESKTOP });
  const adminPhone = await openPage(browser, server.adminUrl, { viewport: PHONE, colorScheme: 'dark' });
  while (server.training.run.measurements.length < MEASUREMENTS) await setTimeout(LOOK_EVERY_MS);
  await phone.screenshot({ path: join(FOLDER, 'volunteer.png') });
  await admin.screenshot({ path: join(FOLDER, 'admin.png') });
  await adminPhone.screenshot({ path: join(FOLDER, 'admin-phone.png'), fullPage: true });
} finally {
  await cleanup.run();
}
process.exit(0);
