import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, preview } from 'vite';
import { allowRelaxedSimd } from '../client/node/relaxedSimd.ts';
import { findChromium } from '../server/swarm/chromium.ts';
import { launchBrowser } from '../server/swarm/launch.ts';
import { chromiumSetting } from '../server/config/config.ts';
import { createWasmEngine } from '../shared/engine/wasm/engine.ts';
import { zoo } from '../server/zoo/index.ts';
import { ENGINES } from '../shared/profile/profile.ts';
import { operationsASample, peakOperations } from './denseLimit.ts';
import { createJaxTrainer } from './jaxEngine.ts';
import { samplesPerSecond } from './measureEngine.ts';
import { missingModule, referenceLines } from './reference/python.ts';

/**
 * `npm run bench:engine`: samples a second of local steps of every engine and of jax-js, in Node and in a headless
 * browser, on one core, of PyTorch on one thread where Python can import it, and of dense arithmetic alone. A table,
 * or with `--json` a line each.
 */

interface Row {
  engine: string;
  where: 'node' | 'browser' | 'python';
  model: string;
  batch: number;
  samplesPerSecond: number;
  /** Of the dense limit: multiplications and additions of forward and backward of one sample. */
  operationsASample?: number;
}

const MODELS = ['ray-convnet', 'lenet', 'cnn-32-64'];
const rows: Row[] = [];
const note = (line: string) => process.stderr.write(`${line}\n`);

async function inNode(): Promise<void> {
  const peak = peakOperations();
  allowRelaxedSimd();
  for (const model of MODELS) {
    const spec = zoo.get(model)?.spec;
    if (spec === undefined) throw new Error(`no model ${model}`);
    const operations = operationsASample(spec);
    rows.push({
      engine: 'dense-limit',
      where: 'node',
      model,
      batch: 32,
      samplesPerSecond: peak / operations,
      operationsASample: operations,
    });
    for (const batch of [32, 128]) {
      const engine = await createWasmEngine(spec);
      const rate = await samplesPerSecond(engine, spec, batch);
      rows.push({ engine: 'wasm', where: 'node', model, batch, samplesPerSecond: rate });
      engine.dispose();
    }
    const rate = await samplesPerSecond(await createJaxTrainer(spec), spec, 32);
    rows.push({ engine: 'jax-js', where: 'node', model, batch: 32, samplesPerSecond: rate });
  }
}

async function inBrowser(): Promise<void> {
  const { executablePath } = await findChromium(chromiumSetting());
  const folder = await mkdtemp(join(tmpdir(), 'tabswarm-bench-'));
  const root = fileURLToPath(new URL('./enginePage', import.meta.url));
  const shared = { root, configFile: false, logLevel: 'error', build: { outDir: folder } } as const;
  await build({ ...shared, build: { outDir: folder, emptyOutDir: true } });
  const server = await preview({ ...shared, preview: { port: 0, host: '127.0.0.1' } });
  const browser = await launchBrowser(executablePath);
  try {
    const page = await browser.newPage();
    await page.goto(server.resolvedUrls?.local[0] ?? '');
    for (const model of MODELS) {
      for (const engine of [...ENGINES, 'jax-js']) {
        const call = `measure(${JSON.stringify(engine)}, ${JSON.stringify(model)}, 32)`;
        const rate = await page.evaluate<number | null>(call);
        if (rate === null) continue;
        rows.push({ engine, where: 'browser', model, batch: 32, samplesPerSecond: rate });
      }
    }
  } finally {
    await browser.close();
    await server.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function inPython(): Promise<void> {
  const missing = await missingModule('torch');
  if (missing !== null) {
    note(`Without PyTorch: ${missing}`);
    return;
  }
  for (const line of await referenceLines('torch_speed.py')) {
    rows.push({
      ...(line as Pick<Row, 'model' | 'batch' | 'samplesPerSecond'>),
      engine: 'torch',
      where: 'python',
    });
  }
}

/** The rate over the best of those engines on the same model; null where there is none. */
function ratio(row: Row, isRival: (engine: string) => boolean): number | null {
  const rivals = rows.filter(({ engine, model }) => model === row.model && isRival(engine));
  if (rivals.length === 0) return null;
  const best = Math.max(...rivals.map(({ samplesPerSecond: rate }) => rate));
  return Number((row.samplesPerSecond / best).toPrecision(3));
}

await inPython();
await inNode();
await inBrowser();
for (const row of rows) {
  const line = {
    ...row,
    samplesPerSecond: Math.round(row.samplesPerSecond),
    ratioToBestTfjs: ratio(row, (engine) => engine.startsWith('tfjs-')),
    ratioToTorch: ratio(row, (engine) => engine === 'torch'),
  };
  if (process.argv.includes('--json')) {
    console.log(JSON.stringify(line));
  } else {
    const columns = [
      line.engine.padEnd(12),
      line.where.padEnd(8),
      line.model.padEnd(12),
      `batch ${line.batch}`,
    ];
    console.log(
      [...columns, `${line.samplesPerSecond} samples/s`, line.ratioToBestTfjs, line.ratioToTorch].join('  '),
    );
  }
}
