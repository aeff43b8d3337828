import type { Engine } from '../../shared/engine/engine.ts';
import type { ModelSpec } from '../../shared/model/spec.ts';
import type { EngineName } from '../../shared/profile/profile.ts';
import { probeEngines } from './probe.ts';

export interface SelectedEngine {
  engine: Engine;
  /** Why it is not what was asked for; null where it is. */
  note: string | null;
}

/**
 * Loads the engine that was asked for, or the best there is; where one fails, the next [EN2].
 * @throws {Error} where none works; the message has every reason.
 */
export async function selectEngine(spec: ModelSpec, asked: EngineName | 'auto'): Promise<SelectedEngine> {
  const ranked = await probeEngines();
  const wished = ranked.filter(({ name }) => name === asked);
  const reasons: string[] = [];
  if (asked !== 'auto' && wished.length === 0) reasons.push(`${asked} is not available here`);
  const { createTfjsEngine } = await import('./tfjs.ts');
  for (const probe of [...wished, ...ranked.filter(({ name }) => name !== asked)]) {
    try {
      const engine = await createTfjsEngine(spec, probe);
      return { engine, note: reasons.length === 0 ? null : reasons.join('; ') };
    } catch (error) {
      reasons.push(`${probe.name} failed: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  throw new Error(`no engine works here: ${reasons.join('; ')}`);
}
