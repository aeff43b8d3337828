import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const client = fileURLToPath(new URL('./client/', import.meta.url));

/**
 * Builds the two pages into dist/client: `volunteer/index.html` (served at `/`), `admin/index.html` (served at
 * `/admin/`) and `assets/`, whose names carry a hash of their content. The server's content security policy is
 * `default-src 'self'`, so nothing may be inlined: no scripts, no data: URLs.
 */
export default defineConfig({
  root: client,
  base: '/',
  publicDir: false,
  build: {
    outDir: '../dist/client',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // tfjs is one chunk of over 1 MB; the worker loads it only when it trains.
    chunkSizeWarningLimit: 3000,
    rolldownOptions: {
      input: { volunteer: `${client}volunteer/index.html`, admin: `${client}admin/index.html` },
    },
  },
  // Modules, so that the worker can load tfjs lazily as a chunk of its own.
  worker: { format: 'es' },
});
