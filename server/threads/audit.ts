import { parentPort, workerData } from 'node:worker_threads';
import { decodeDataShard } from '../../shared/dataset/dataShard.ts';
import type { Engine } from '../../shared/engine/engine.ts';
import { computeUpdate, orderOf } from '../../shared/engine/unit.ts';
import { WASM_ARITHMETIC } from '../../shared/engine/wasm/arithmetic.ts';
import { createWasmEngine } from '../../shared/engine/wasm/engine.ts';
import type { Arithmetic } from '../../shared/profile/profile.ts';
import { compare, type Compared } from '../core/run/comparison.ts';
import type { AuditRequest, AuditThreadInit } from './auditor.ts';

/* The audit thread: computes units again with the fused engine, and compares. */

const { model } = workerData as AuditThreadInit;
const port = parentPort;
if (port === null) throw new Error('audit.ts runs as a worker thread');
const engines = new Map<Arithmetic, Engine>();

/** Each is made when it is first asked for: most runs need one. */
async function engineOf(arithmetic: Arithmetic): Promise<Engine> {
  const engine = engines.get(arithmetic) ?? (await createWasmEngine(model, WASM_ARITHMETIC[arithmetic]));
  engines.set(arithmetic, engine);
  return engine;
}

async function recompute({ unit, base, update, arithmetics, dataShard }: AuditRequest): Promise<Compared> {
  const data = decodeDataShard(dataShard);
  const order = orderOf(unit, data.samples);
  const compute = async (arithmetic: Arithmetic) =>
    computeUpdate(await engineOf(arithmetic), unit, base, data, order);
  const [first, ...others] = arithmetics;
  const own: [Float32Array, ...Float32Array[]] = [await compute(first)];
  for (const arithmetic of others) own.push(await compute(arithmetic));
  return compare(update, own, base);
}

// One at a time: the auditor waits for the answer before it asks again.
port.on('message', (request: AuditRequest) => {
  void recompute(request).then((found) => port.postMessage(found));
});
