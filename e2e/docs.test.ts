import { EVENT_GROUPS, EVENT_TYPES, EVENTS_OF_RUNS } from '../shared/protocol/events.ts';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { settingsTable } from '../server/config/help.ts';
import { RULES } from '../server/core/aggregation/rules.ts';
import type { AggregationRule } from '../server/core/aggregation/rule.ts';
import { RULE_SETTINGS } from '../server/core/aggregation/testing/joined.ts';
import { zoo } from '../server/zoo/index.ts';
import { HTTP_ERRORS } from '../shared/protocol/httpErrors.ts';
import { CODEC_NAMES, CODECS } from '../shared/codec/codecs.ts';
import { OUTCOMES } from '../shared/protocol/outcomes.ts';
import { DEVICE_ACTIONS } from '../shared/protocol/deviceActions.ts';
import { RUN_ACTIONS } from '../shared/protocol/runActions.ts';

/* What the documents say that can be checked without reading them. */

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const OPERATIONS = join(ROOT, 'docs/operations.md');

const guides = (await readdir(join(ROOT, 'docs'), { recursive: true })).filter((name) =>
  name.endsWith('.md'),
);
const DOCUMENTS = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...guides.map((name) => `docs/${name}`)];
const { scripts } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { scripts: object };

function outcomesTable(): string {
  const rows = Object.entries(OUTCOMES).map(
    ([code, { means, next, closes }]) => `| \`${code}\` | ${means} | ${next} | ${closes ? 'yes' : 'no'} |`,
  );
  return ['| code | means | what a client does next | closes |', '|---|---|---|---|', ...rows].join('\n');
}

function actionsTable(): string {
  const rows = Object.entries(RUN_ACTIONS).map(
    ([action, { label, help, possible }]) =>
      `| \`${action}\` | ${label} | ${possible.join(', ')} | ${help} |`,
  );
  return ['| action | button | while the run is | what it does |', '|---|---|---|---|', ...rows].join('\n');
}

function deviceActionsTable(): string {
  const rows = Object.entries(DEVICE_ACTIONS).map(
    ([action, { label, help, possible }]) =>
      `| \`${action}\` | ${label} | ${possible.join(', ')} | ${help} |`,
  );
  return ['| action | button | while the device is | what it does |', '|---|---|---|---|', ...rows].join(
    '\n',
  );
}

function httpErrorsTable(): string {
  const rows = Object.entries(HTTP_ERRORS).map(
    ([code, { status, means }]) => `| \`${code}\` | ${status} | ${means} |`,
  );
  return ['| code | status | means |', '|---|---|---|', ...rows].join('\n');
}

function codecsTable(): string {
  const rows = CODEC_NAMES.map((name) => {
    const codec = CODECS[name];
    return `| \`${name}\` | ${codec.wireNumber} | ${codec.maxPayload(1000)} | ${codec.help} |`;
  });
  const head = '| codec | number | bytes of 1,000 values, at most | what becomes of them |';
  return [head, '|---|---|---|---|', ...rows].join('\n');
}

function recipesTable(): string {
  const rows = [...zoo].map(([name, { recipe }]) => {
    const { target, mode, gradient, local } = recipe;
    const steps = local?.steps ?? 1;
    const batch = local?.batch ?? gradient.batch;
    const lr = local?.lr ?? gradient.lr;
    const optimizer = local === null ? gradient.optimizer : 'sgd';
    const decay = local?.decay ?? '';
    const average = local?.average ?? '';
    const cells = [
      `\`${name}\``,
      mode,
      steps,
      batch,
      optimizer,
      lr,
      decay,
      average,
      `${(100 * target).toFixed(1)}%`,
    ];
    return `| ${cells.join(' | ')} |`;
  });
  const head = [
    'model',
    'mode',
    'local steps',
    'batch',
    'optimizer',
    'rate',
    'decay',
    'average',
    'target of a demo',
  ];
  return [`| ${head.join(' | ')} |`, `|${'---|'.repeat(head.length)}`, ...rows].join('\n');
}

/** What a rule needs to know of the updates. */
const needsOf = (rule: AggregationRule): string =>
  rule.shape === 'weighing' ? rule.needs : 'the values at each coordinate';

function rulesTable(): string {
  const rows = Object.entries(RULES).map(([name, rule]) => {
    const least = rule.minUpdates(RULE_SETTINGS);
    return `| \`${name}\` | ${rule.help} | ${needsOf(rule)} | ${least} | ${rule.source ?? ''} |`;
  });
  const head = '| rule | what it does with the updates of a commit | needs | updates at least | source |';
  return [head, '|---|---|---|---|---|', ...rows].join('\n');
}

function eventsTable(): string {
  const rows = EVENT_TYPES.map((type) => {
    const { group, means } = EVENTS_OF_RUNS[type];
    return `| \`${type}\` | ${EVENT_GROUPS[group]} | ${means} |`;
  });
  return ['| event | group | means |', '|---|---|---|', ...rows].join('\n');
}

/** The document with what stands between two markers written anew. */
function withTable(document: string, name: string, table: string): string {
  const between = new RegExp(`(<!-- ${name} -->\n)[^]*?(<!-- /${name} -->)`);
  if (!between.test(document)) throw new Error(`docs/operations.md has no place for ${name}`);
  return document.replace(between, (_whole, begin: string, end: string) => `${begin}${table}\n${end}`);
}

it('the tables of docs/operations.md are those of the code; -u writes them anew', async () => {
  const document = await readFile(OPERATIONS, 'utf8');
  const settings = withTable(document, 'settings', settingsTable());
  const codecs = withTable(settings, 'codecs', codecsTable());
  const recipes = withTable(codecs, 'recipes', recipesTable());
  const rules = withTable(recipes, 'rules', rulesTable());
  const outcomes = withTable(rules, 'outcomes', outcomesTable());
  const actions = withTable(outcomes, 'actions', actionsTable());
  const deviceActions = withTable(actions, 'deviceActions', deviceActionsTable());
  const events = withTable(deviceActions, 'events', eventsTable());
  await expect(withTable(events, 'http-errors', httpErrorsTable())).toMatchFileSnapshot(OPERATIONS);
});

it('docs/architecture.md is read in ten minutes', async () => {
  const text = await readFile(join(ROOT, 'docs/architecture.md'), 'utf8');
  expect(text.split(/\s+/).length).toBeLessThanOrEqual(2500);
});

it('the index of the decisions names every page, and every page has its number, a status and at most 40 lines', async () => {
  const pages = guides.filter((name) => /^decisions\/\d/.test(name)).toSorted();
  const index = await readFile(join(ROOT, 'docs/decisions/README.md'), 'utf8');
  expect(matches(index, /\((\d{3}-[\w-]+\.md)\)/g).toSorted()).toEqual(
    pages.map((name) => name.replace('decisions/', '')),
  );
  for (const [at, name] of pages.entries()) {
    const text = await readFile(join(ROOT, 'docs', name), 'utf8');
    const number = String(at + 1).padStart(3, '0');
    expect(text).toMatch(new RegExp(`^# ${number}: .+\n\nStatus: .+\\.\n`));
    expect(text.split('\n').length, name).toBeLessThanOrEqual(41);
  }
});

/** What the pattern's first group matches, each once. */
function matches(text: string, pattern: RegExp): string[] {
  return [...new Set([...text.matchAll(pattern)].map((match) => match[1] ?? ''))];
}

const withoutFences = (text: string) => text.replace(/^```[^]*?^```$/gm, '');

/** The anchors of a document's headings, as code hosts make them. */
const anchorsOf = (text: string) =>
  matches(withoutFences(text), /^#+ (.+)$/gm).map((heading) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );

async function isBroken(target: string, folder: string, own: string): Promise<boolean> {
  const [path = '', anchor] = target.split('#');
  const file = path === '' ? own : join(folder, path);
  if (!existsSync(file)) return true;
  return anchor !== undefined && !anchorsOf(await readFile(file, 'utf8')).includes(anchor);
}

describe.each(DOCUMENTS)('%s', (name) => {
  const path = join(ROOT, name);

  it('names only commands that package.json has', async () => {
    const text = await readFile(path, 'utf8');
    const named = [
      ...matches(text, /\bnpm run (?:-\S+ )*([\w:-]+)/g),
      ...matches(text, /\bnpm (start|test)\b/g),
    ];
    expect(named.filter((command) => !Object.hasOwn(scripts, command))).toEqual([]);
  });

  it('links only to what is there', async () => {
    const text = withoutFences(await readFile(path, 'utf8'));
    const targets = [...matches(text, /\]\(([^)\s]+)\)/g), ...matches(text, /(?:src|href)="([^"]+)"/g)];
    const broken: string[] = [];
    for (const target of targets.filter((each) => !/^[a-z]+:/.test(each))) {
      if (await isBroken(target, dirname(path), path)) broken.push(target);
    }
    expect(broken).toEqual([]);
  });

  it('names only files of the project that are there', async () => {
    const text = withoutFences(await readFile(path, 'utf8'));
    const paths = matches(text, /`((?:shared|client|server|e2e|bench|docs)\/[\w./-]*)`/g);
    expect(paths.filter((each) => !existsSync(join(ROOT, each)))).toEqual([]);
  });
});
