import { describe, expect, it } from 'vitest';
import { loadConfig } from '../config/config.ts';
import { AGGREGATION_NAMES, RULES } from '../core/aggregation/rules.ts';
import { unauditedNote } from './unauditedNote.ts';

const noteOf = (...argv: string[]) => unauditedNote(loadConfig('start', argv, {}));

describe('a run without audits', () => {
  it('[AG29] that everyone may join says what its rule can promise', () => {
    for (const name of AGGREGATION_NAMES)
      expect(noteOf('--audit-cpu', '0', '--aggregation', name)).toBe(
        `Everyone may join, and with --audit-cpu 0 nothing is computed again: ${RULES[name].withoutAudits}.`,
      );
    expect(noteOf('--audit-cpu', '0', '--join', 'secret', '--open')).toContain('Everyone may join');
  });

  it('[AG29] says so of async, where no rule helps', () => {
    expect(noteOf('--audit-cpu', '0', '--mode', 'async', '--aggregation', 'mean')).toContain(
      'one bad update is enough',
    );
  });

  it('[AG29] says nothing where units are computed again, or where only those may join who show a credential', () => {
    expect(noteOf()).toBeNull();
    expect(noteOf('--audit-cpu', '0', '--join', 'secret')).toBeNull();
  });
});
