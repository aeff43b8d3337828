import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { afterEach, describe, expect, it } from 'vitest';
import { OUTCOMES } from '../shared/protocol/outcomes.ts';
import { startCommand } from './support/commandProcess.ts';
import { startScriptedWorker } from './support/scriptedWorker.ts';
import { DESKTOP, openBrowser, openPage, PHONE } from './support/tabs.ts';
import { Cleanup, startServer } from './support/testServer.ts';

/* What an operator sees of devices, and has done with them. */

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const PATIENCE = { timeout: 30_000 };
const SLOW_MS = 60_000;
/** Pictures for people to look at; nothing is compared with them. */
const PICTURES = join(tmpdir(), 'tabswarm-pictures');

describe('an operator', () => {
  it(
    '[AD29] [AD30] [TS8] bars a device by the console, which is told so in words, and pardons it by a command',
    async () => {
      const server = await startServer(cleanup, ['--evaluate-every', '0']);
      const told: unknown[] = [];
      startScriptedWorker(cleanup, server.url, {
        state: (state, message, outcome) => void told.push([state, message, outcome]),
      });
      const row = () => server.snapshot().devices[0];
      await expect.poll(() => row()?.applied, PATIENCE).toBeGreaterThan(0);
      const device = row()?.device ?? '';
      server.training.crowd.audited(device, 'right', 'it is what the unit gives');
      server.training.crowd.audited(device, 'unclear', 'it is 0.3 times its own length off');
      const page = await openPage(await openBrowser(cleanup), server.adminUrl);
      const trust = page.getByTestId('device-row').locator('[data-key=trust]');
      await expect.poll(() => trust.innerText(), PATIENCE).toContain('checked 2 times: 1 right, 1 undecided');
      expect(await page.getByTestId(`pardon-${device}`).isVisible()).toBe(false);
      await page.getByTestId(`bar-${device}`).click();
      await page.getByTestId('confirm-bar').click();
      await expect.poll(() => trust.innerText(), PATIENCE).toContain('an operator barred it');
      await expect.poll(() => told.at(-1)).toEqual(['failed', OUTCOMES.BARRED.means, 'BARRED']);
      await mkdir(PICTURES, { recursive: true });
      for (const [name, viewport] of Object.entries({ phone: PHONE, desktop: DESKTOP })) {
        await page.setViewportSize(viewport);
        expect(
          await page.evaluate(
            () => document.documentElement.scrollWidth > document.documentElement.clientWidth,
          ),
        ).toBe(false);
        await page.screenshot({ path: join(PICTURES, `trust-${name}.png`), fullPage: true });
      }
      const command = startCommand(cleanup, 'control', ['pardon', device, '--url', server.adminUrl]);
      expect([await command.ended, command.lines]).toEqual([0, []]);
      expect(row()?.trust).toMatchObject({ state: 'new', cause: { by: 'admin' } });
      await expect.poll(() => page.getByTestId(`pardon-${device}`).isVisible(), PATIENCE).toBe(false);
    },
    SLOW_MS,
  );
});
