import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: { include: ['{shared,client,server,e2e,bench}/**/*.test.ts'], testTimeout: 30_000 },
});
