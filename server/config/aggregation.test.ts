import { describe, expect, it } from 'vitest';
import { AGGREGATION_NAMES } from '../core/aggregation/rules.ts';
import { ConfigError, loadConfig, settingsOf } from './config.ts';

const load = (argv: string[], environment: Record<string, string> = {}, remembered = {}) =>
  loadConfig('start', argv, environment, remembered);

function messageOf(argv: string[], environment: Record<string, string> = {}, remembered = {}): string {
  try {
    load(argv, environment, remembered);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as Error).message;
  }
  throw new Error('the configuration was taken');
}

describe('--aggregation', () => {
  it.each(AGGREGATION_NAMES)('takes %s in rounds of three', (name) => {
    const argv = ['--aggregation', name, '--mode', 'sync', '--round-size', '3'];
    expect(load(argv).aggregation).toBe(name);
  });

  it('[AG9] is refused with both numbers where a commit never has the updates that the rule needs', () => {
    const trimmed = ['--aggregation', 'trimmedMean'];
    expect(messageOf([...trimmed, '--mode', 'async'])).toBe(
      '--aggregation: "trimmedMean" needs 3 updates a commit at least, and --mode async makes commits of 1',
    );
    expect(messageOf([...trimmed, '--mode', 'sync', '--round-size', '2'])).toBe(
      '--aggregation: "trimmedMean" needs 3 updates a commit at least, and --round-size 2 makes commits of 2',
    );
    expect(messageOf(['--model', 'ray-convnet'], { TABSWARM_AGGREGATION: 'normClip' })).toMatch(
      /^TABSWARM_AGGREGATION: "normClip" needs 3 updates a commit at least, and --mode async /,
    );
    expect(messageOf([...trimmed, '--mode', 'buffered', '--buffer', '2'])).toBe(
      '--aggregation: "trimmedMean" needs 3 updates a commit at least, and --buffer 2 makes commits of 2',
    );
    expect(load([...trimmed, '--mode', 'sync']).roundSize).toBe('all');
    expect(load([...trimmed, '--mode', 'buffered']).buffer).toBe('auto');
    const clipped = ['--aggregation', 'normClip', '--clip-norm', '5', '--mode', 'async'];
    expect(load(clipped)).toMatchObject({ mode: 'async', clipNorm: 5 });
  });

  it('[AG25] is auto where none is named, and mean in a repeatable run', () => {
    expect(load([]).aggregation).toBe('auto');
    expect(load(['--mode', 'async']).aggregation).toBe('auto');
    expect(load(['--repeatable', '--round-size', '3']).aggregation).toBe('mean');
  });

  it('[AG25] stays mean in a run of before there were rules', () => {
    expect(load([], {}, { model: 'lenet' }).aggregation).toBe('mean');
    expect(load([], {}, { model: 'lenet', reduce: 'sum' }).aggregation).toBe('sum');
  });

  it('[AG10] is asked for where a setting of a rule is given that the run does not have', () => {
    expect(messageOf(['--clip-norm', '5'])).toBe(
      '--clip-norm: "5" is for --aggregation normClip or centeredClip, and this run has auto',
    );
    expect(messageOf(['--aggregation', 'normClip'], { TABSWARM_TRIM: '0.3' })).toBe(
      'TABSWARM_TRIM: "0.3" is for --aggregation trimmedMean, and this run has normClip',
    );
  });

  it('[AG12] is named where its earlier name is used', () => {
    for (const argv of [['--reduce', 'sum'], ['--reduce=sum']])
      expect(messageOf(argv)).toBe('--reduce: this setting is called --aggregation now');
    expect(messageOf([], { TABSWARM_REDUCE: 'sum' })).toBe(
      'TABSWARM_REDUCE: this setting is called TABSWARM_AGGREGATION now',
    );
  });

  it('[AG18] [CK8] is what an earlier checkpoint says, and is kept with its settings', () => {
    expect(load([], {}, { reduce: 'sum' }).aggregation).toBe('sum');
    const first = settingsOf(load(['--aggregation', 'trimmedMean', '--trim', '0.3']));
    expect(load([], {}, first)).toMatchObject({ aggregation: 'trimmedMean', trim: 0.3 });
  });
});
