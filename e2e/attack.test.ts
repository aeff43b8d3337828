import { afterEach, describe, expect, it } from 'vitest';
import { Attacker } from './support/attacker.ts';
import { startPoisoner } from './support/poisoner.ts';
import { thorough } from '../shared/testing/thorough.ts';
import { createScriptedEngine, startScriptedWorker } from './support/scriptedWorker.ts';
import { Cleanup, startServer } from './support/testServer.ts';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

/** Rounds of exactly two, and no deadline that a slow machine could meet: who computes what follows from the seed. */
const SCRIPTED_RUN = [
  ...['--mode', 'sync', '--round-size', '2', '--seed', '7', '--lease-seconds', '3600'],
  ...['--optimizer', 'momentum', '--lr', '0.01', '--evaluate-every', '0'],
  ...['--placement', 'uniform'],
];
const MESSAGES = thorough ? 10_000 : 3_000;
const ROUNDS = thorough ? 60 : 18;

describe('an attacker beside a run', () => {
  it('[UP4] [PR1] thousands of malformed messages leave the server up and the model hash what it would be', async () => {
    const calm = await startServer(cleanup, [...SCRIPTED_RUN, '--max-commits', String(ROUNDS)]);
    for (let worker = 0; worker < 2; worker++) startScriptedWorker(cleanup, calm.url);
    await calm.training.run.ended();
    const expected = await calm.hash();

    const attacked = await startServer(cleanup, [...SCRIPTED_RUN, '--max-commits', String(ROUNDS)]);
    // First to join, the poisoner has the first seat and with it a slot of every round that it is ready for.
    const poisoner = await startPoisoner(cleanup, attacked.url);
    const attacker = new Attacker(attacked.url, 11);
    // A worker's next gradient waits for its share of the messages, so that they rain on every round.
    const pace = () => attacker.until((MESSAGES * attacked.training.coordinator.version) / ROUNDS);
    for (let worker = 0; worker < 2; worker++)
      startScriptedWorker(cleanup, attacked.url, {}, createScriptedEngine(pace));
    const { sent, connections } = await attacker.send(MESSAGES);
    await attacked.training.run.ended();
    expect(sent).toBe(MESSAGES);
    // It was thrown out again and again.
    expect(connections).toBeGreaterThan(MESSAGES / 200);
    // Every guard was reached, under leases of the attacker's own.
    expect(poisoner.outcomes()).toEqual(new Set(['MALFORMED', 'NORM_EXCEEDED', 'NOT_FINITE', 'WRONG_SHAPE']));
    expect(await attacked.hash()).toBe(expected);
    expect(attacked.training.run.status()).toMatchObject({ version: ROUNDS, stop: 'max-commits' });
    expect((await fetch(attacked.url)).status).toBe(200);
  }, 120_000);
});
