import { readdirSync, readFileSync } from 'node:fs';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

/* docs/spec.md and the titles of the tests name each other. */

const ROOT = new URL('../', import.meta.url).pathname;
const IN_TITLE = /\[([A-Z]{2,}\d+)\]/g;
const IN_SPEC = /^- \*\*([A-Z]{2,}\d+)\*\* (.+)$/gm;
const FOLDERS = ['shared', 'client', 'server', 'e2e', 'bench'];
const IS_TEST = /(\.test\.ts|^e2e\/.*\.spec\.ts)$/;
const TESTS = new Set(['it', 'test', 'describe']);
/** A test that does not run checks nothing. */
const NOT_RUN = new Set(['skip', 'todo', 'skipIf', 'runIf']);

const read = (path: string) => readFileSync(ROOT + path, 'utf8');

/** The names of a callee, outermost first: `it.each([...])` is it, each. */
function calleeNames(callee: ts.Expression): string[] {
  if (ts.isIdentifier(callee)) return [callee.text];
  if (ts.isPropertyAccessExpression(callee)) return [...calleeNames(callee.expression), callee.name.text];
  if (ts.isCallExpression(callee)) return calleeNames(callee.expression);
  if (ts.isTaggedTemplateExpression(callee)) return calleeNames(callee.tag);
  return [];
}

/** The titles that a test file gives to `it`, `test` and `describe`. */
function titlesOf(path: string, text: string): string[] {
  const titles: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node)) {
      const [root, ...rest] = calleeNames(node.expression);
      const [title] = node.arguments;
      const runs = root !== undefined && TESTS.has(root) && !rest.some((name) => NOT_RUN.has(name));
      if (runs && title !== undefined && (ts.isStringLiteralLike(title) || ts.isTemplateExpression(title))) {
        titles.push(title.getText());
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true));
  return titles;
}

const idsOf = (titles: string[]) =>
  titles.flatMap((title) => [...title.matchAll(IN_TITLE)].map(([, id]) => id ?? ''));

const rules = [...read('docs/spec.md').matchAll(IN_SPEC)].map(([, id]) => id ?? '');
const paths = FOLDERS.flatMap((folder) =>
  readdirSync(ROOT + folder, { recursive: true, encoding: 'utf8' }).map((path) => `${folder}/${path}`),
).filter((path) => IS_TEST.test(path) && !/\/(node_modules|dist)\//.test(path));
const named = new Map(paths.map((path) => [path, idsOf(titlesOf(path, read(path)))]));

describe('the specification', () => {
  it('has every rule once, on a line of its own', () => {
    expect(rules.length).toBeGreaterThan(50);
    expect(rules.filter((id, index) => rules.indexOf(id) !== index)).toEqual([]);
    expect(read('docs/spec.md').match(/^- \*\*/gm)).toHaveLength(rules.length);
  });

  it('has no rule that no test names', () => {
    const ids = new Set([...named.values()].flat());
    expect(rules.filter((id) => !ids.has(id))).toEqual([]);
  });

  it('has every rule that a test names', () => {
    const unknown = [...named].flatMap(([path, ids]) =>
      ids.filter((id) => !rules.includes(id)).map((id) => `${id} in ${path}`),
    );
    expect(unknown).toEqual([]);
  });
});

describe('reading titles', () => {
  it('finds those of every way to write a test, and of nothing else', () => {
    const source = [
      "it('[AA1] [AA2] plain', () => {});",
      "describe('[AA3] a group', () => { test.concurrent('[AA4] in it', () => {}); });",
      "it.each([1])('[AA5] %d', () => {});",
      'it.each`a`(`[AA6] ${1}`, () => {});',
      "it.skip('[BB1] not run', () => {}); test.todo('[BB2]');",
      "// it('[BB3] a comment')",
      "expect('[BB4]').toBe(say('[BB5] no test'));",
    ].join('\n');
    expect(idsOf(titlesOf('sample.ts', source)).toSorted()).toEqual([
      'AA1',
      'AA2',
      'AA3',
      'AA4',
      'AA5',
      'AA6',
    ]);
  });
});
