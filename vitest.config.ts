import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{shared,client,server,e2e,bench}/**/*.test.ts'],
    globalSetup: 'e2e/support/buildPages.ts',
    testTimeout: 60_000,
  },
});
