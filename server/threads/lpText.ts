import type { IntegerProgram } from '../core/placement/program.ts';

/** No line of an LP file may be longer; terms are put one a line. */
const term = ([variable, factor]: [number, number]) =>
  `${factor < 0 ? '-' : '+'} ${Math.abs(factor)} x${variable}`;

/** A program in CPLEX's LP format, variable n as `xn`. */
export function lpText({ values, rows }: IntegerProgram): string {
  const objective = values.map((value, variable) => term([variable, value]));
  const constraints = rows.flatMap(({ name, coefficients, least, most }) => {
    const sum = coefficients.map(term).join('\n ');
    if (coefficients.length === 0) return [];
    return [
      ...(least > 0 ? [` ${name}_least: ${sum} >= ${least}`] : []),
      ...(Number.isFinite(most) ? [` ${name}_most: ${sum} <= ${most}`] : []),
    ];
  });
  const variables = values.map((_, variable) => ` x${variable}`);
  return [
    ...['Maximize', ` worth: ${objective.join('\n ')}`, 'Subject To', ...constraints],
    ...['Binary', ...variables, 'End', ''],
  ].join('\n');
}
