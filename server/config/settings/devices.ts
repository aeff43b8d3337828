import { ENGINES, MAX_WORKERS, type DeviceLabels } from '../../../shared/profile/profile.ts';
import { RUNS, setting, TABS } from '../setting.ts';
import { decimal, labelList, oneOf, wholeNumber, words } from '../values.ts';

const MAX_TABS = 256;
const MAX_WORKERS_SETTING = 64;

/** What trains. */
export const DEVICES_SETTINGS = {
  tabs: setting(TABS, wholeNumber(0, MAX_TABS), 2, 'Headless browser tabs to open.'),
  nodeWorkers: setting(
    ['demo'],
    wholeNumber(0, MAX_WORKERS_SETTING),
    0,
    'Workers without a browser to start.',
  ),
  auditCpu: setting(
    RUNS,
    decimal('from 0 to 100', (value) => value <= 100),
    5,
    'Of one core of the server, what audits may take, which compute units of devices again to see whether their updates are right; 0 turns audits off.',
    { unit: '%' },
  ),
  engine: setting(
    TABS,
    oneOf('auto', ...ENGINES),
    'auto',
    'What the tabs train with; auto takes the fastest that gives right answers.',
  ),
  tabWorkers: setting(
    TABS,
    wholeNumber(1, MAX_WORKERS),
    1,
    'Workers of each tab; a tab that a person opens has one less than the machine has cores.',
  ),
  workers: setting(
    ['worker'],
    wholeNumber(1, MAX_WORKERS_SETTING),
    1,
    'Workers to start, each a device of its own.',
  ),
  label: setting<DeviceLabels>(
    ['worker'],
    labelList,
    {},
    'Labels of the workers, which placement may refer to.',
  ),
  chromium: setting<string | null>(
    TABS,
    words('a path', '<path>'),
    null,
    'Chromium to run the tabs in; by default an installed one, else one is downloaded.',
  ),
};
