import { expect, it } from 'vitest';
import { loadConfig } from '../config/config.ts';
import type { AuditTask } from '../core/run/recomputation.ts';
import { referenceNorm } from './referenceNorm.ts';
import { freshStart } from './startState.ts';

const DATA_SHARDS = [{ index: 0, path: 'data/0', samples: 1000 }];

it('[NB7] a unit of the run is computed from the weights that it begins with, and its norm is told', async () => {
  const config = loadConfig('start', ['--model', 'lenet', '--batch', '8', '--local-steps', '5'], {});
  const start = freshStart(config);
  const asked: AuditTask[] = [];
  const recompute = (task: AuditTask) => {
    asked.push(task);
    return Promise.resolve({
      relative: 1,
      cosine: 0,
      spread: 0,
      isRounding: false,
      norm: 2.5,
      milliseconds: 1,
    });
  };
  const reference = await referenceNorm(config, start, DATA_SHARDS, recompute);
  expect(reference).toEqual({ unit: { kind: 'delta', samples: 40 }, norm: 2.5 });
  const [task] = asked;
  expect(task?.base).toEqual(start.parameters);
  expect(task?.unit).toMatchObject({ batch: 8, local: { steps: 5 } });
});
