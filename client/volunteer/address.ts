import { ENGINES, type EngineName } from '../../shared/profile/profile.ts';

export interface Wishes {
  engine: EngineName | 'auto';
  /** What the address asks for and cannot have; null where all is well. */
  notice: string | null;
}

const isEngine = (name: string): name is EngineName => ENGINES.some((engine) => engine === name);

/** Reads `?engine=`. An unknown name is reported, never silently replaced. */
export function readWishes(search: string): Wishes {
  const asked = new URLSearchParams(search).get('engine');
  if (asked === null || asked === 'auto') return { engine: 'auto', notice: null };
  if (isEngine(asked)) return { engine: asked, notice: null };
  const known = ENGINES.join(', ');
  const name = asked.length > 40 ? `${asked.slice(0, 40)}…` : asked;
  return {
    engine: 'auto',
    notice: `The address asks for the engine “${name}”, which does not exist (there are: ${known}). This page chooses one itself.`,
  };
}

/** The credential to join, from the fragment `#join=...`; a fragment is never sent to a server. */
export function readJoin(hash: string): string {
  return new URLSearchParams(hash.replace(/^#/, '')).get('join') ?? '';
}
