import { InvalidArgumentError, Option } from 'commander';

/** A whole number from 1 on. @throws {InvalidArgumentError} saying so. */
export function whole(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new InvalidArgumentError('It is a whole number from 1 on.');
  return value;
}

/** An option that takes some of a list, and by default all. */
export function someOf(flag: string, help: string, all: readonly string[]): Option {
  return new Option(`${flag} <names>`, `${help}, separated by commas (${all.join(', ')})`)
    .default(all, 'all')
    .argParser((text) => {
      const names = text.split(',');
      const unknown = names.find((name) => !all.includes(name));
      if (unknown !== undefined) throw new InvalidArgumentError(`"${unknown}" is none of ${all.join(', ')}.`);
      return names;
    });
}
