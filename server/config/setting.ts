import type { Command } from './commands.ts';
import type { SettingKind } from './values.ts';

/** One setting. `T` is the type of its value. */
export interface Setting<T> {
  kind: SettingKind<T>;
  /** `undefined` where the model's recipe decides, or where it must be given. */
  default: T;
  /** Where a command's default is another one. */
  defaults: Partial<Record<Command, T>>;
  /** What one of it is, for instance `commits`; null for what has no unit. */
  unit: string | null;
  /** One sentence. */
  help: string;
  commands: readonly Command[];
  /** Keeps it out of what the admin sees and checkpoints hold. */
  secret: boolean;
}

interface Extras<T> {
  unit?: string;
  defaults?: Setting<T>['defaults'];
  secret?: boolean;
}

/** Commands that have a run. */
export const RUNS: readonly Command[] = ['start', 'demo'];
/** Commands that open tabs. */
export const TABS: readonly Command[] = ['demo', 'swarm'];
/** Commands that listen. */
export const SERVERS: readonly Command[] = ['start', 'demo', 'shard'];

/** A setting of these commands, with its default and one sentence of help. */
export function setting<T>(
  commands: readonly Command[],
  kind: SettingKind<T>,
  standard: T,
  help: string,
  { unit, defaults, secret }: Extras<T> = {},
): Setting<T> {
  return {
    kind,
    default: standard,
    defaults: defaults ?? {},
    unit: unit ?? null,
    help,
    commands,
    secret: secret ?? false,
  };
}
