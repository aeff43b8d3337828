import { inject } from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    /** Whether tests play their long form: `vitest.config.ts` reads it from TABSWARM_THOROUGH. */
    thorough: boolean;
  }
}

/**
 * Whether this run is `npm run prove`: tests then play more cases and longer runs than `npm test` has time for.
 * The short form checks the same rules.
 */
export const thorough: boolean = inject('thorough');
