import { describe, expect, it } from 'vitest';
import { NoBrowserError } from './chromium.ts';
import { machineWith } from './testing/machine.ts';
import { prepareDemoWorkers, withOwnCredential } from './demoWorkers.ts';

const asked = { tabs: 2, tabWorkers: 1, nodeWorkers: 1, chromium: null };

describe('the crowd of a demo', () => {
  it('[EN8] is workers without a browser where none can be had, and says why', async () => {
    const notes: string[] = [];
    const crowd = await prepareDemoWorkers(asked, (line) => notes.push(line), machineWith([]).machine);
    expect(crowd).toEqual({ tabs: 0, tabWorkers: 1, nodeWorkers: 3, browser: null });
    expect(notes).toEqual([
      expect.stringMatching(
        /^No Chromium to open tabs in: .* Training on 3 workers without a browser instead\.$/,
      ) as string,
    ]);
  });

  it('[EN23] is none where the browser that was named does not run', async () => {
    const named = { ...asked, chromium: '/opt/none' };
    const { machine } = machineWith(['/usr/bin/chromium']);
    await expect(prepareDemoWorkers(named, () => undefined, machine)).rejects.toThrow(NoBrowserError);
  });

  it('[TS14] has a credential of its own where everyone may join, another each time', () => {
    const own = withOwnCredential({ join: '', open: false });
    expect(own).toEqual({ join: expect.stringMatching(/^[0-9a-f]{32}$/) as string, open: true });
    expect(withOwnCredential({ join: '', open: false }).join).not.toBe(own.join);
  });

  it('[TS14] has that of its operator where there is one', () => {
    const given = { join: 'sesame', open: false };
    expect(withOwnCredential(given)).toEqual(given);
  });

  it('looks for no browser where no tab is asked for', async () => {
    const { machine, events } = machineWith(['/usr/bin/chromium']);
    expect((await prepareDemoWorkers({ ...asked, tabs: 0 }, () => undefined, machine)).browser).toBeNull();
    expect(events).toEqual([]);
  });
});
