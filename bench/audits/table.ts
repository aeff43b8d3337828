/** One update beside what a server computed of the same unit. */
export interface Compared {
  model: string;
  version: number;
  batch: number;
  steps: number;
  /** The engine of an honest device, or an attacker. */
  who: string;
  isHonest: boolean;
  /** The arithmetic of the server: of its two kinds, or the nearer of both. */
  server: 'strict' | 'relaxed' | 'nearer';
  relative: number;
  cosine: number;
}

/** The distances of one kind of update and one number of steps. */
export interface Row {
  who: string;
  server: Compared['server'];
  steps: number;
  units: number;
  least: number;
  median: number;
  most90: number;
  most99: number;
  most: number;
  /** Share of the units that are more than a hundredth away. */
  above: number;
  leastCosine: number;
  mostCosine: number;
}

/** A unit is said to be off from here on, in the column that counts. */
const OFF = 0.01;

/** The value below which this share of the sorted values lies, by the nearest rank. */
export function quantile(sorted: readonly number[], share: number): number {
  const value = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  if (value === undefined) throw new RangeError('no values, so no quantile');
  return value;
}

/** A row for each kind of update, arithmetic of the server and number of steps, in the order in which they come. */
export function rowsOf(compared: readonly Compared[]): Row[] {
  const groups = new Map<string, Compared[]>();
  for (const each of compared) {
    const key = [each.who, each.server, each.steps].join();
    groups.set(key, [...(groups.get(key) ?? []), each]);
  }
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const distances = group.map(({ relative }) => relative).sort((left, right) => left - right);
    const cosines = group.map(({ cosine }) => cosine).sort((left, right) => left - right);
    return {
      who: first.who,
      server: first.server,
      steps: first.steps,
      units: group.length,
      least: quantile(distances, 0),
      median: quantile(distances, 0.5),
      most90: quantile(distances, 0.9),
      most99: quantile(distances, 0.99),
      most: quantile(distances, 1),
      above: distances.filter((distance) => distance > OFF).length / distances.length,
      leastCosine: quantile(cosines, 0),
      mostCosine: quantile(cosines, 1),
    };
  });
}

const shown = (value: number) => (value === 0 ? '0' : value.toPrecision(2));
const percent = (share: number) => `${(100 * share).toFixed(1)}%`;

/** What is said of honest updates: how far they are at most. */
export function honestTable(rows: readonly Row[]): string {
  return tableOf(
    ['device', 'server', 'steps', 'units', 'median', '90%', '99%', 'largest', 'above 0.01', 'least cosine'],
    rows.map((row) => [
      ...[row.who, row.server, String(row.steps), String(row.units), shown(row.median), shown(row.most90)],
      ...[shown(row.most99), shown(row.most), percent(row.above), row.leastCosine.toFixed(3)],
    ]),
  );
}

/** What is said of attackers: how near they are at least. */
export function attackerTable(rows: readonly Row[]): string {
  return tableOf(
    ['attacker', 'steps', 'units', 'nearest', 'median', 'farthest', 'greatest cosine'],
    rows.map((row) => [
      ...[row.who, String(row.steps), String(row.units), shown(row.least), shown(row.median)],
      ...[shown(row.most), row.mostCosine.toFixed(3)],
    ]),
  );
}

function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => '---'), ...rows];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
