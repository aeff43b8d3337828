import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright';
import { build, preview } from 'vite';
import type { Engine } from '../../shared/engine/engine.ts';
import type { ModelSpec } from '../../shared/model/spec.ts';
import type { EngineName } from '../../shared/profile/profile.ts';
import type { EnginePage } from './enginePage/main.ts';
import { temporaryFolder, type Cleanup } from './testServer.ts';

/** Builds and opens the page that engines are loaded in, at an address that is a secure context. */
export async function openEnginePage(cleanup: Cleanup, browser: Browser): Promise<Page> {
  const outDir = await temporaryFolder(cleanup);
  const root = fileURLToPath(new URL('./enginePage', import.meta.url));
  const settings = {
    root,
    configFile: false,
    logLevel: 'error',
    build: { outDir, emptyOutDir: true },
  } as const;
  await build(settings);
  const server = await preview({ ...settings, preview: { port: 0, host: '127.0.0.1' } });
  cleanup.add(() => server.close());
  const page = await browser.newPage();
  await page.goto(server.resolvedUrls?.local[0] ?? '');
  return page;
}

type Calls = { [Name in keyof EnginePage]: Awaited<ReturnType<EnginePage[Name]>> };

/** Calls a function of the page. */
export function call<Name extends keyof EnginePage>(
  page: Page,
  name: Name,
  ...args: Parameters<EnginePage[Name]>
): Promise<Calls[Name]> {
  return page.evaluate<Calls[Name]>(`engines.${name}(...${JSON.stringify(args)})`);
}

/** An engine of a page, as if it were here. */
export async function remoteEngine(page: Page, name: EngineName, spec: ModelSpec): Promise<Engine> {
  const { id, detail, software } = await call(page, 'create', name, spec);
  return {
    name,
    detail,
    software,
    hold: ({ samples, shape, images, labels }) =>
      call(page, 'hold', id, { samples, shape, images: [...images], labels: [...labels] }),
    async gradient(parameters, order) {
      const { gradient, loss } = await call(page, 'gradient', id, [...parameters], [...order]);
      return { gradient: Float32Array.from(gradient), loss };
    },
    async train(parameters, order, local) {
      const { delta, loss } = await call(page, 'train', id, [...parameters], [...order], local).catch(
        asRangeError,
      );
      return { delta: Float32Array.from(delta), loss };
    },
    evaluate: (parameters) => call(page, 'evaluate', id, [...parameters]),
    dispose: () => void call(page, 'dispose', id),
  };
}

/** Errors lose their class on the way from the page. */
function asRangeError(error: unknown): never {
  if (error instanceof Error && error.message.includes('RangeError')) throw new RangeError(error.message);
  throw error;
}
