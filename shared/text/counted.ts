/** `12,345`. */
export function grouped(value: number): string {
  return value.toLocaleString('en-US');
}

/** `1 tab`, `12 tabs`. */
export function counted(count: number, noun: string): string {
  return `${grouped(count)} ${noun}${count === 1 ? '' : 's'}`;
}
