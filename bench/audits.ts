import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { allowRelaxedSimd } from '../client/node/relaxedSimd.ts';
import { createTfjsEngine } from '../client/engines/tfjs.ts';
import { openEnginePage, remoteEngine } from '../e2e/support/remoteEngine.ts';
import { Cleanup } from '../e2e/support/testServer.ts';
import { chromiumSetting } from '../server/config/config.ts';
import { distanceOf } from '../server/core/run/comparison.ts';
import { loadDataset } from '../server/dataset/cut.ts';
import { mnist } from '../server/dataset/mnist.ts';
import { findChromium } from '../server/swarm/chromium.ts';
import { launchBrowser } from '../server/swarm/launch.ts';
import { CODECS } from '../shared/codec/codecs.ts';
import { decodeDataShard, type DataShard } from '../shared/dataset/dataShard.ts';
import type { Engine } from '../shared/engine/engine.ts';
import { createWasmEngine } from '../shared/engine/wasm/engine.ts';
import { ATTACKERS } from './audits/attackers.ts';
import {
  ATTACKED_ONE_IN,
  BATCHES,
  MODELS,
  RECORDED,
  SLOW_UNITS,
  STEPS,
  UNITS,
  VERSIONS,
  type ModelJob,
} from './audits/job.ts';
import { pairsOf, recordingOf, type RecordedPair } from './audits/record.ts';
import { attackerTable, honestTable, rowsOf, type Compared } from './audits/table.ts';
import { roundedOtherwise, unitOf, updateOf, updateOfSamples, type Unit } from './audits/units.ts';
import { trainedVersions } from './audits/versions.ts';

/**
 * `npm run bench:audits`: how far the updates of honest devices and of attackers are from what the server computes of
 * the same units. Units of several models, versions of a short real training, batches and numbers of local steps, by
 * strict and relaxed SIMD, by TensorFlow.js on the processor, and by WebGPU in a headless tab; and by strict SIMD from
 * weights that are rounded otherwise, which stands for engines that are too slow here for many long units. Prints the
 * tables that the tolerances are set from, or with `--json` a line for each comparison. With `--record FILE` there are no
 * attackers: what audits compare of honest devices is written to that file, which `bench:honest` plays.
 */

const { json, record } = parseArgs({
  options: { json: { type: 'boolean' }, record: { type: 'string' } },
}).values;
const note = (line: string) => process.stderr.write(`${line}\n`);
const compared: Compared[] = [];
const recorded: RecordedPair[] = [];
const cleanup = new Cleanup();

type Where = Pick<Compared, 'model' | 'version' | 'batch' | 'steps'>;
/** What the server computes of a unit, by each of its kinds of arithmetic. */
interface Own {
  strict: Float32Array;
  relaxed: Float32Array;
}

function enter(where: Where, who: string, update: Float32Array, own: Partial<Own>, isHonest = true): void {
  const distances = Object.entries(own).map(([server, result]) => ({
    server: server as keyof Own,
    ...distanceOf(update, result),
  }));
  const [first] = distances;
  const [nearest] = distances.toSorted((left, right) => left.relative - right.relative);
  if (first === undefined || nearest === undefined) throw new Error('the server computed nothing');
  const both = distances.length > 1 ? [{ ...nearest, server: 'nearer' as const }] : [];
  for (const distance of [first, ...both]) {
    const entry = { ...where, who, isHonest, ...distance };
    compared.push(entry);
    if (json === true) console.log(JSON.stringify(entry));
  }
}

/** Units of one size and version that the engines of the server compute within so many samples. */
function countOf(samples: number, unit: number): number {
  return Math.max(UNITS.least, Math.min(UNITS.most, Math.floor(samples / unit)));
}

async function compareAttackers(where: Where, engine: Engine, unit: Unit, own: Own): Promise<void> {
  for (const [who, attack] of Object.entries(ATTACKERS)) {
    const update = await attack(engine, unit, own.relaxed);
    if (update !== null) enter(where, who, update, { strict: own.strict }, false);
  }
}

async function compareModel(job: ModelJob, dataShards: readonly DataShard[], page: Page): Promise<void> {
  const { spec, lr } = job;
  const strict = await createWasmEngine(spec, { relaxed: false });
  const relaxed = await createWasmEngine(spec, { relaxed: true });
  const slow = [
    await createTfjsEngine(spec, { name: 'tfjs-cpu', detail: 'Node', software: true }),
    ...(page === null ? [] : [await remoteEngine(page, 'webgpu', spec)]),
  ];
  const weights = await trainedVersions(relaxed, spec, dataShards, { lr, last: Math.max(...VERSIONS) });
  for (const batch of BATCHES) {
    for (const steps of STEPS) {
      const samples = batch * steps;
      if (samples > job.largestUnit) continue;
      note(`${spec.name}: batch ${batch}, ${steps} steps`);
      /** Samples that each of the slow engines may still take. */
      let left = job.slowSamples;
      for (const version of VERSIONS.toReversed()) {
        const base = weights[version];
        if (base === undefined) throw new Error(`no version ${version}`);
        const older = weights[version - 1] ?? null;
        const slowPart = left / (VERSIONS.indexOf(version) + 1);
        for (let number = 0, spent = 0; number < countOf(job.samples, samples); number++) {
          const unit = unitOf(dataShards, number, { base, older, batch, steps, lr });
          const where = { model: spec.name, version, batch, steps };
          const own = { strict: await updateOf(strict, unit), relaxed: await updateOf(relaxed, unit) };
          enter(where, 'wasm, relaxed', own.relaxed, { strict: own.strict });
          enter(where, 'wasm, strict', own.strict, { relaxed: own.relaxed });
          const rounded = CODECS.float16.decode(CODECS.float16.encode(own.relaxed), base.length);
          if (rounded !== null) enter(where, 'wasm, as float16', rounded, { relaxed: own.relaxed });
          const otherwise = await updateOf(strict, unit, { base: roundedOtherwise(base) });
          enter(where, 'wasm, rounding otherwise', otherwise, own);
          const keep = (who: string, update: Float32Array) => {
            if (number >= RECORDED) return;
            const { model } = where;
            const both = { strict: own.strict, fastest: own.relaxed };
            recorded.push(...pairsOf({ who, model, batch, steps }, update, both, base));
          };
          keep('wasm, relaxed', own.relaxed);
          keep('wasm, strict', own.strict);
          keep('wasm, rounding otherwise', otherwise);
          if (record === undefined && number % ATTACKED_ONE_IN === 0)
            await compareAttackers(where, relaxed, unit, own);
          if (spent + samples > slowPart || number >= SLOW_UNITS) continue;
          spent += samples;
          left -= samples;
          for (const engine of slow) {
            const update = await updateOfSamples(engine, unit);
            enter(where, engine.name, update, own);
            keep(engine.name, update);
          }
        }
      }
    }
  }
  for (const engine of [strict, relaxed, ...slow]) engine.dispose();
}

type Page = Awaited<ReturnType<typeof openEnginePage>> | null;

/** A page with engines; null where there is no browser. */
async function openPage(): Promise<Page> {
  try {
    const { executablePath } = await findChromium(chromiumSetting());
    const browser = await launchBrowser(executablePath);
    cleanup.add(() => browser.close());
    return await openEnginePage(cleanup, browser);
  } catch (error) {
    note(`without WebGPU: ${String(error)}`);
    return null;
  }
}

allowRelaxedSimd();
const { train } = await loadDataset(mnist);
const dataShards = train.map(({ bytes }) => decodeDataShard(bytes));
try {
  const page = await openPage();
  for (const job of MODELS) await compareModel(job, dataShards, page);
} finally {
  await cleanup.run();
}
if (record !== undefined) {
  writeFileSync(record, recordingOf(recorded, 'npm run bench:audits -- --record FILE'));
} else if (json !== true) {
  const rows = rowsOf(compared.toSorted((left, right) => left.steps - right.steps));
  const honest = new Set(compared.filter(({ isHonest }) => isHonest).map(({ who }) => who));
  for (const [isHonest, table] of [[true, honestTable] as const, [false, attackerTable] as const]) {
    const own = rows.filter(({ who }) => honest.has(who) === isHonest);
    console.log(`${table(own.toSorted((left, right) => left.who.localeCompare(right.who)))}\n`);
  }
}
