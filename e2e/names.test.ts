import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { X_AXES } from '../client/admin/chartData.ts';
import { TLS_KINDS } from '../server/app/addresses.ts';
import { ROUNDS } from '../server/core/policy/sync.ts';
import { VERDICTS } from '../shared/profile/profile.ts';
import { EVENT_GROUPS } from '../shared/protocol/events.ts';
import { AFFINITIES } from '../shared/protocol/placement.ts';
import { NAMESPACES } from '../shared/protocol/version.ts';

/* One name for one thing, and one word for it. */

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const files = execFileSync('git', ['ls-files'], { cwd: ROOT, encoding: 'utf8' }).trim().split('\n');
const textOf = (path: string) => readFileSync(join(ROOT, path), 'utf8');

const isTest = (path: string) => /\.test\.ts$|\/(testing|fixtures)\//.test(path);
const production = files.filter(
  (path) => /^(shared|client|server)\/.*\.(ts|mjs)$/.test(path) && !isTest(path),
);

/** Words that another has replaced; the Words table of docs/architecture.md has those in use. */
const RETIRED = [
  /\bcrews?\b/i,
  /\bcourtesy\b/i,
  /\bdirectives?\b/i,
  /\bsideways?\b/i,
  /\boverruns?\b/i,
  /\bwhoever\b/i,
  /\bfor ever\b/i,
  /\bto the bit\b/i,
  /\bin doubles\b/i,
  /\bhanded in\b/i,
  /\bhanding in\b/i,
  /\bleased again\b/i,
  /\bcome by\b/i,
  /\bin turn\b/i,
  /\bamid\b/i,
  /\bso many\b/i,
  /\bby itself\b/i,
];

const titles = /\b(?:it|test|describe)(?:\.each[^\n]*)?\(\s*(['"`])((?:\\.|(?!\1).)*)\1/g;
const titlesOf = (path: string) => [...textOf(path).matchAll(titles)].map(([, , title = '']) => title);

const retiredIn = (path: string, text: string) =>
  RETIRED.flatMap((word) => {
    const found = word.exec(text);
    return found === null ? [] : [`${path}: ${found[0]}`];
  });

it('no two files of production code export one name', () => {
  const homes = new Map<string, string[]>();
  for (const path of production) {
    for (const [, name = ''] of textOf(path).matchAll(
      /^export (?:async )?(?:abstract )?(?:const|let|function|class|interface|type|enum) \*?(\w+)/gm,
    )) {
      const known = homes.get(name) ?? [];
      if (!known.includes(path)) homes.set(name, [...known, path]);
    }
  }
  expect([...homes].filter(([, paths]) => paths.length > 1)).toEqual([]);
});

it('production code has no retired word', () => {
  expect(production.flatMap((path) => retiredIn(path, textOf(path)))).toEqual([]);
});

it('the documents have no retired word', () => {
  const documents = files.filter((path) => path.endsWith('.md') && path !== 'CHANGELOG.md');
  expect(documents.flatMap((path) => retiredIn(path, textOf(path)))).toEqual([]);
});

it('titles of tests have no retired word', () => {
  const tests = files.filter((path) => path.endsWith('.test.ts'));
  expect(tests.flatMap((path) => titlesOf(path).flatMap((title) => retiredIn(path, title)))).toEqual([]);
});

/** Tables whose rows say all there is to a member, so that the compiler asks for nothing more; and who has to use it. */
const SELF_CONTAINED: [table: string, members: readonly string[], users: (path: string) => boolean][] = [
  ['VERDICTS', Object.keys(VERDICTS), (path) => production.includes(path)],
  ['EVENT_GROUPS', Object.keys(EVENT_GROUPS), (path) => production.includes(path)],
  ['NAMESPACES', Object.keys(NAMESPACES), (path) => production.includes(path)],
  ['ROUNDS', Object.keys(ROUNDS), (path) => production.includes(path)],
  ['TLS_KINDS', Object.keys(TLS_KINDS), (path) => production.includes(path)],
  ['AFFINITIES', Object.keys(AFFINITIES), (path) => path.startsWith('docs/')],
  ['X_AXES', Object.keys(X_AXES), (path) => path.endsWith('.html')],
];

it.each(SELF_CONTAINED)('every member of %s is used', (_table, members, isUser) => {
  const users = files.filter(isUser).map(textOf).join('\n');
  const isUsed = (member: string) => new RegExp(`["'.\`]${member}["'\\W]`).test(users);
  expect(members.filter((member) => !isUsed(member))).toEqual([]);
});
