import { defineConfig } from 'vitest/config';

/* Only the tests that start whole servers and browsers wait for the pages to be built. */
export default defineConfig({
  test: {
    testTimeout: 60_000,
    provide: { thorough: process.env['TABSWARM_THOROUGH'] === 'yes' },
    projects: [
      { extends: true, test: { name: 'unit', include: ['{shared,client,server,bench}/**/*.test.ts'] } },
      // They read the documents and the titles of the tests, and start nothing.
      { extends: true, test: { name: 'documents', include: ['e2e/{docs,names,spec}.test.ts'] } },
      {
        extends: true,
        test: {
          name: 'e2e',
          // An `exclude` of its own would take the place of that of the command line.
          include: ['e2e/**/!(docs|names|spec).test.ts'],
          globalSetup: 'e2e/support/buildPages.ts',
        },
      },
    ],
  },
});
