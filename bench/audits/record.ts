import { compare, type Comparison } from '../../server/core/run/comparison.ts';
import { ARITHMETICS, type Arithmetic } from '../../shared/profile/profile.ts';

/** The update of an honest device beside what a server computed of its unit, as an audit compares them. */
export interface RecordedPair {
  /** The engine of the device, as the tables of `bench:audits` name it. */
  who: string;
  model: string;
  batch: number;
  /** Local steps; a gradient is one. */
  steps: number;
  /** The arithmetic that the server takes first. */
  server: Arithmetic;
  /** With that alone. */
  first: Comparison;
  /** With both kinds; the same where the first is so near that no audit computes again. */
  both: Comparison;
}

/** The least distance at which the comparison with both is recorded: every tolerance finds what is nearer right. */
const NEAR = 0.005;
const COLUMNS =
  'who;model;batch;steps;server;relative;cosine;rounding;relative of both;cosine;spread;rounding' as const;
const DIGITS = 3;

/**
 * @param own what the server computed of the unit, by its arithmetic.
 * @param base the weights that the unit began from.
 * @returns a pair for each arithmetic that the server may take first.
 */
export function pairsOf(
  where: Pick<RecordedPair, 'who' | 'model' | 'batch' | 'steps'>,
  update: Float32Array,
  own: Readonly<Record<Arithmetic, Float32Array>>,
  base: Float32Array,
): RecordedPair[] {
  return ARITHMETICS.map((server) => {
    const others = ARITHMETICS.filter((each) => each !== server).map((each) => own[each]);
    const first = compare(update, [own[server]], base);
    const both = first.relative < NEAR ? first : compare(update, [own[server], ...others], base);
    return { ...where, server, first, both };
  });
}

const short = (value: number) => String(Number(value.toPrecision(DIGITS)));
/** A cosine is near to one: what it lacks is what matters. */
const lacking = (cosine: number) => short(1 - cosine);
const flag = (is: boolean) => (is ? '1' : '0');

/** The head of a recording and its lines, numbers to three digits; cosines as what they lack to one. */
export function recordingOf(pairs: readonly RecordedPair[], command: string): string {
  const lines = pairs.map(({ who, model, batch, steps, server, first, both }) => {
    const cells = [who, model, String(batch), String(steps), server];
    cells.push(short(first.relative), lacking(first.cosine), flag(first.isRounding));
    if (both !== first) {
      cells.push(short(both.relative), lacking(both.cosine), short(both.spread), flag(both.isRounding));
    }
    return cells.join(';');
  });
  return [`# ${command}`, `# ${COLUMNS}`, ...lines, ''].join('\n');
}

/**
 * What a recording says.
 * @throws {SyntaxError} for a line that is none of a recording.
 */
export function pairsIn(recording: string): RecordedPair[] {
  const lines = recording.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return lines.map((line) => {
    const [who = '', model = '', batch, steps, server, ...rest] = line.split(';');
    const arithmetic = ARITHMETICS.find((each) => each === server);
    const [relative, lacks, rounding, ofBoth, lacksOfBoth, spread, roundingOfBoth] = rest.map(Number);
    if (arithmetic === undefined || rounding === undefined)
      throw new SyntaxError(`no recorded pair: ${line}`);
    const first = comparisonOf(relative, lacks, 0, rounding);
    const both = ofBoth === undefined ? first : comparisonOf(ofBoth, lacksOfBoth, spread, roundingOfBoth);
    return { who, model, batch: Number(batch), steps: Number(steps), server: arithmetic, first, both };
  });
}

function comparisonOf(relative = NaN, lacks = NaN, spread = NaN, rounding = 0): Comparison {
  return { relative, cosine: 1 - lacks, spread, isRounding: rounding === 1 };
}
