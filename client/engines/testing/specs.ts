import { parseModelSpec, type Layer, type ModelSpec } from '../../../shared/model/spec.ts';
import { cnn3264 } from '../../../server/zoo/cnn-32-64.ts';
import { zoo } from '../../../server/zoo/index.ts';

const conv = (
  filters: number,
  kernel: number,
  stride: 1 | 2 = 1,
  padding: 'valid' | 'same' = 'valid',
): Layer => ({ kind: 'conv2d', filters, kernel, stride, padding });
const relu: Layer = { kind: 'relu' };
const flatten: Layer = { kind: 'flatten' };
const pool = (size: number): Layer => ({ kind: 'maxPool', size });
const dense = (units: number): Layer => ({ kind: 'dense', units });

function spec(name: string, input: [number, number, number], layers: Layer[]): ModelSpec {
  const normalise = { mean: 0.2, deviation: 0.4 };
  return parseModelSpec({
    name,
    input,
    normalise,
    layers,
    loss: 'softmax-cross-entropy',
    initialiser: 'pytorch',
  });
}

/** What the zoo has nothing of: models that an engine must get right all the same. */
export const ODD_SPECS: ModelSpec[] = [
  // A stride with same padding that is not even, an even kernel, no square image, two dense layers.
  spec(
    'odd-strides',
    [9, 8, 2],
    [
      ...[conv(5, 3, 2, 'same'), relu, pool(2), conv(4, 2, 1, 'same'), flatten],
      ...[dense(7), relu, dense(4)],
    ],
  ),
  // 5x5 and 3x3 mixed, channels that fill no vector, pool 3 with an edge that is dropped, ReLU after it.
  spec(
    'odd-mixed',
    [28, 28, 1],
    [...[conv(6, 5, 2, 'same'), relu, conv(9, 3), pool(3), relu, flatten], ...[dense(33), relu, dense(10)]],
  ),
  // Three channels in, 13 in between, the largest kernel, no pool at the end.
  spec(
    'odd-wide-kernel',
    [17, 13, 3],
    [
      ...[conv(3, 3, 1, 'same'), relu, pool(2), conv(13, 5, 1, 'same'), relu],
      ...[conv(7, 7, 2, 'same'), relu, flatten, dense(5)],
    ],
  ),
  // A pool first, a pool after a pool, ReLU after flatten.
  spec('odd-pools', [11, 11, 3], [pool(2), relu, conv(10, 2), pool(2), pool(2), flatten, relu, dense(3)]),
  // Dense layers alone.
  spec('odd-dense', [4, 5, 3], [flatten, dense(21), relu, dense(11), relu, dense(6)]),
  // ReLU first, more channels than a line of code, a 1x1 kernel.
  spec('odd-one-by-one', [16, 16, 1], [relu, conv(70, 1), relu, conv(12, 3, 2), relu, flatten, dense(12)]),
];

/** The models of the zoo and the odd ones. */
export const CONTRACT_SPECS: ModelSpec[] = [...[...zoo.values()].map((entry) => entry.spec), ...ODD_SPECS];

/** All of them but the one that takes by far the longest: for engines that are slow where tests run. */
export const QUICK_SPECS: ModelSpec[] = CONTRACT_SPECS.filter(({ name }) => name !== cnn3264.spec.name);
