import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { defineConfig, type Plugin } from 'vite';

const client = fileURLToPath(new URL('./client/', import.meta.url));

/** Writes a gzip file beside each script and style, so that the server compresses nothing. */
const precompress: Plugin = {
  name: 'precompress',
  apply: 'build',
  async writeBundle({ dir = '' }) {
    const assets = join(dir, 'assets');
    const names = (await readdir(assets)).filter((name) => /\.(js|css)$/.test(name));
    for (const name of names) {
      const path = join(assets, name);
      const bytes = await readFile(path);
      await writeFile(`${path}.gz`, await promisify(gzip)(bytes));
    }
  },
};

/**
 * Builds the two pages into dist/client: `volunteer/index.html` (served at `/`), `admin/index.html` (served at
 * `/admin/`) and `assets/`, whose names carry a hash of their content. The server's content security policy is
 * `default-src 'self'`, so nothing may be inlined: no scripts, no data: URLs. Every address is relative, so that the
 * pages work below a path that a proxy cuts off.
 */
export default defineConfig({
  root: client,
  base: './',
  publicDir: false,
  plugins: [precompress],
  build: {
    outDir: '../dist/client',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // tfjs is one chunk of over 1 MB; the worker loads it only when it trains.
    chunkSizeWarningLimit: 3000,
    rolldownOptions: {
      // How long plugins take is no news.
      checks: { bundlerTimings: false },
      input: { volunteer: `${client}volunteer/index.html`, admin: `${client}admin/index.html` },
    },
  },
  experimental: {
    // The volunteer page is served one folder above the one that it is built in.
    renderBuiltUrl: (file, { hostId, hostType }) =>
      hostType === 'html' && hostId === 'volunteer/index.html' ? `./${file}` : { relative: true },
  },
  // Modules, so that the worker can load tfjs lazily as a chunk of its own.
  worker: { format: 'es', rolldownOptions: { checks: { bundlerTimings: false } } },
});
