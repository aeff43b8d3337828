import { expect, it } from 'vitest';
import { describeForeignOrigin } from '../../shared/protocol/origins.ts';
import { logRefusals } from './refusals.ts';

function begun() {
  const lines: string[] = [];
  return { lines, refused: logRefusals((line) => lines.push(line), describeForeignOrigin) };
}

it('[PR8] logs each refused origin and host once, with what to change', () => {
  const { lines, refused } = begun();
  for (let each = 0; each < 3; each++) refused('https://a.example', 'b.example:8080');
  refused('https://a.example', 'c.example');
  refused(undefined, undefined);
  expect(lines).toEqual([
    'Refused a page. The page is of https://a.example, but the server was asked for as b.example:8080: it takes ' +
      'requests of its own pages alone. A proxy in between has to pass the Host header as the browser sent it.',
    expect.stringContaining('c.example'),
    expect.stringContaining('of none, but the server was asked for as none'),
  ]);
});

it('[PR16] lets no control character and no endless name into the log', () => {
  const { lines, refused } = begun();
  refused('https://a\u001b[2J\u0007\n\u009b31m\u202eb', 'h'.repeat(10_000));
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/^[\x20-\x7e]{1,800}$/);
});

it('[PR15] stops at a number of origins, and says so once', () => {
  const { lines, refused } = begun();
  for (let each = 0; each < 1000; each++) refused(`https://${each}.example`, 'b.example');
  expect(lines).toHaveLength(33);
  expect(lines.at(-1)).toBe('Refused pages of many origins; further ones are not listed.');
});
