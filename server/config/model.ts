import { readFileSync } from 'node:fs';
import { parse, printParseErrorCode, type ParseError } from 'jsonc-parser';
import { layoutOf } from '../../shared/model/layout.ts';
import { ModelSpecError, parseModelSpec, type ModelSpec } from '../../shared/model/spec.ts';
import type { Recipe } from '../zoo/entry.ts';
import { zoo } from '../zoo/index.ts';
import { didYouMean } from '../../shared/text/suggest.ts';
import { checkFit } from '../dataset/fit.ts';
import { DATASETS, type DatasetName } from '../dataset/datasets.ts';
import { ConfigError } from './flags.ts';

/** A model and how it is trained where nobody says otherwise; one from a file names no target. */
export interface Trainable {
  spec: ModelSpec;
  recipe: Omit<Recipe, 'target'> & { target: number | null };
}

/** How a model from a file is trained where nobody says otherwise. */
const FILE_RECIPE: Trainable['recipe'] = {
  target: null,
  mode: 'async',
  gradient: { batch: 32, lr: 0.05, optimizer: 'momentum' },
  local: null,
};

/**
 * The model that `--model` names: one of the zoo, or that of a JSON file, which fits the data set [MD1] [MD5].
 * @param source the flag or the variable that it was given by.
 * @param dataset what it has to fit.
 * @throws {ConfigError} saying what is wrong, and where in the file.
 */
export function modelOf(model: string, source: string, dataset: DatasetName): Trainable {
  const entry = zoo.get(model);
  const where = `${source}: ${JSON.stringify(model)}`;
  try {
    const trainable = entry ?? { spec: specOf(textOf(model, where), where), recipe: FILE_RECIPE };
    checkFit(trainable.spec, DATASETS[dataset].description);
    return trainable;
  } catch (error) {
    if (error instanceof ModelSpecError) throw new ConfigError(`${where}: ${error.message}`);
    throw error;
  }
}

function textOf(path: string, where: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // A word without a dot or a slash is a name, not a path.
    if (code === 'ENOENT' && !/[./\\]/.test(path)) {
      const names = [...zoo.keys()];
      throw new ConfigError(
        `${where} is no model of the zoo (${names.join(', ')})${didYouMean(path, names)}`,
      );
    }
    const fault = FILE_FAULTS[code ?? ''] ?? `cannot be read (${String(code)})`;
    throw new ConfigError(`${where} ${fault}`);
  }
}

/** What is wrong with the path of a model, by the code of the system. */
const FILE_FAULTS: Readonly<Record<string, string>> = {
  ENOENT: 'is a file that does not exist',
  ENOTDIR: 'is a file that does not exist',
  EISDIR: 'is a folder, not a file',
  EACCES: 'is a file that this user may not read',
};

function specOf(text: string, where: string): ModelSpec {
  const spec = parseModelSpec(jsonOf(text.replace(/^\uFEFF/, ''), where));
  layoutOf(spec);
  return spec;
}

function jsonOf(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ConfigError(`${where} is not JSON: ${faultOf(text) ?? (error as SyntaxError).message}`);
  }
}

/** The first thing that keeps a text from being JSON, by line and column: what the engine of Node says has neither. */
function faultOf(text: string): string | null {
  const errors: ParseError[] = [];
  parse(text, errors, { disallowComments: true });
  const [first] = errors;
  if (first === undefined) return null;
  const lines = text.slice(0, first.offset).split('\n');
  const column = (lines.at(-1)?.length ?? 0) + 1;
  const words = printParseErrorCode(first.error).replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return `line ${lines.length}, column ${column}:${words}`;
}
