import { MAX_BATCH, MAX_LOCAL_STEPS } from '../../../shared/protocol/messages.ts';
import { AGGREGATION_NAMES, RULES } from '../../core/aggregation/rules.ts';
import { MODE_NAMES, MODES, type Mode } from '../../core/policy/modes.ts';
import { STALENESS_WEIGHT_NAMES, STALENESS_WEIGHTS } from '../../core/policy/staleness.ts';
import { OPTIMIZER_NAMES, type OptimizerName } from '../../core/shard/optimizer.ts';
import { DATASET_NAMES } from '../../dataset/datasets.ts';
import { RUNS, setting } from '../setting.ts';
import { decimal, flag, meaningsOf, oneOf, orNone, wholeNumber, words } from '../values.ts';

/** What is trained, and how. */
export const MODEL_SETTINGS = {
  model: setting(
    RUNS,
    words('a name or a path', '<name|file>'),
    'lenet',
    'Model to train: a name of the zoo, or a JSON file that declares one.',
  ),
  dataset: setting(RUNS, oneOf(...DATASET_NAMES), 'mnist', 'Data set to train and to measure on.'),
  mode: setting<Mode | undefined>(
    RUNS,
    oneOf(...MODE_NAMES),
    undefined,
    `When updates are committed (${meaningsOf(MODES)}); by default the model's recipe.`,
  ),
  batch: setting<number | undefined>(
    RUNS,
    wholeNumber(1, MAX_BATCH),
    undefined,
    "Images in a gradient or a local step; by default the model's recipe.",
    { unit: 'images' },
  ),
  lr: setting<number | undefined>(
    RUNS,
    decimal('above 0', (value) => value > 0),
    undefined,
    "Learning rate of the server's optimizer; by default the model's recipe.",
  ),
  optimizer: setting<OptimizerName | undefined>(
    RUNS,
    oneOf(...OPTIMIZER_NAMES),
    undefined,
    "The server's optimizer; by default the model's recipe.",
  ),
  momentum: setting(
    RUNS,
    decimal('from 0 to below 1', (value) => value < 1),
    0.9,
    'Momentum of the momentum optimizer.',
  ),
  localSteps: setting<number | undefined>(
    RUNS,
    wholeNumber(1, MAX_LOCAL_STEPS),
    undefined,
    "Steps that a worker takes before it sends an update; 1 sends a gradient; by default the model's recipe.",
    { unit: 'steps' },
  ),
  localLr: setting<number | null | undefined>(
    RUNS,
    decimal('above 0', (value) => value > 0),
    undefined,
    "Learning rate of the first local steps, where there are several; by default the model's recipe.",
  ),
  localMomentum: setting<number | null | undefined>(
    RUNS,
    decimal('from 0 to below 1', (value) => value < 1),
    undefined,
    "Momentum of the local steps, where there are several; by default the model's recipe.",
  ),
  localDecay: setting<number | null | undefined>(
    RUNS,
    orNone(wholeNumber(1)),
    undefined,
    "With n, the rate of the local steps falls as 1 / sqrt(1 + commits / n); by default the model's recipe.",
    { unit: 'commits' },
  ),
  average: setting<number | null | undefined>(
    RUNS,
    orNone(wholeNumber(1)),
    undefined,
    "With n, the model that is measured and kept is an EMA of the weights over about n commits; with none, the newest parameters; by default the model's recipe.",
    { unit: 'commits' },
  ),
  aggregation: setting(
    RUNS,
    oneOf(...AGGREGATION_NAMES),
    'auto',
    `How the updates of a commit are combined (${meaningsOf(RULES)}); mean in a repeatable run.`,
  ),
  trim: setting(
    RUNS,
    decimal('above 0 and below 0.5', (value) => value > 0 && value < 0.5),
    0.2,
    'The fraction of the updates, rounded up, that trimmedMean drops at each end of each coordinate.',
  ),
  clipNorm: setting<number | null>(
    RUNS,
    orNone(decimal('above 0', (value) => value > 0)),
    null,
    'The norm that normClip scales updates down to, and centeredClip their differences from the centre; with none, a median of the commit.',
  ),
  bucket: setting(
    RUNS,
    wholeNumber(1, 16),
    1,
    'Updates, drawn at random, whose mean stands for them before the rule sees it.',
    { unit: 'updates' },
  ),
  deviceMomentum: setting(
    RUNS,
    decimal('from 0 to below 1', (value) => value < 1),
    0,
    'Momentum that the server keeps for each device: what is combined are these, not the updates.',
  ),
  staleness: setting(
    RUNS,
    oneOf(...STALENESS_WEIGHT_NAMES),
    'sqrt',
    `Weight of an update that is s commits old, in async and buffered (${meaningsOf(STALENESS_WEIGHTS)}).`,
  ),
  maxStaleness: setting(RUNS, wholeNumber(0), 100, 'In async and buffered, older updates are refused.', {
    unit: 'commits',
  }),
  seed: setting(
    RUNS,
    wholeNumber(0, 2 ** 32 - 1),
    1,
    'Seed of the initial weights and of the order of the images.',
  ),
  repeatable: setting(
    RUNS,
    flag,
    false,
    'The same command gives the same model, bit for bit, whichever devices train: complete sync rounds of one size, one unit for all, arithmetic that is the same everywhere.',
  ),
};
