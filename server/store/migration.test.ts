import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { writeAtomically } from './atomic.ts';
import { StoreError } from './errors.ts';
import { sampleCheckpoint } from './fixtures/samples.ts';
import { encodeCheckpoint } from './format.ts';
import { migrateCheckpoints } from './migration.ts';
import { decodeSafetensors, encodeSafetensors } from './safetensors.ts';
import { Disk } from './testing/disk.ts';
import { keptOn } from './testing/keptOn.ts';

const FOLDER = '/data/checkpoints';
const file = (version: number) => `${FOLDER}/checkpoint-${String(version).padStart(10, '0')}.safetensors`;

interface Earlier {
  seconds?: number;
  measured?: number[];
}

/** The file of a checkpoint as a release of before the store wrote it: with the measurements in it. */
function earlierFile(version: number, { seconds = version, measured = [1] }: Earlier = {}): Uint8Array {
  const measurements = measured.map((at) => ({
    version,
    samples: 1,
    seconds: at,
    testAccuracy: 0.5,
    testLoss: 1,
  }));
  const bytes = encodeCheckpoint({
    ...sampleCheckpoint(version),
    seconds,
    settings: { model: 'ray-convnet' },
  });
  const { tensors, metadata } = decodeSafetensors(bytes);
  const blank = { ...metadata, measurements: JSON.stringify(measurements), sha256: '0'.repeat(64) };
  const sha256 = createHash('sha256')
    .update(encodeSafetensors({ tensors, metadata: blank }))
    .digest('hex');
  return encodeSafetensors({ tensors, metadata: { ...blank, sha256 } });
}

async function world(...files: [number, Uint8Array][]) {
  const disk = new Disk();
  await disk.makeFolder('/data');
  await disk.makeFolder(FOLDER);
  for (const [version, bytes] of files) await writeAtomically(disk, file(version), bytes);
  const kept = await keptOn(disk);
  const { store, blobs, told } = kept;
  const note = (line: string) => void told.push(line);
  const migrate = () => migrateCheckpoints({ files: disk, folder: '/data', store, blobs, note });
  return { ...kept, disk, migrate };
}

describe('a data folder of before the store', () => {
  test('[ST10] becomes a run that goes on from its newest checkpoint; the files stay as the copy', async () => {
    const bytes = earlierFile(9);
    const { migrate, runs, checkpoints, store, told, disk } = await world([3, earlierFile(3)], [9, bytes]);
    await migrate();
    const found = await runs.newest();
    expect(found).toMatchObject({
      row: { state: 'running', number: 1, settings: { model: 'ray-convnet' } },
      job: { dataset: 'mnist', model: { name: 'ray-convnet' } },
    });
    const run = found?.row.run ?? '';
    const list = await checkpoints.list(run);
    expect(list.map(({ version }) => version)).toEqual([9, 3]);
    const newest = list[0] && (await checkpoints.load(list[0]));
    expect(newest?.parameters).toEqual(sampleCheckpoint(9).parameters);
    expect(await store.measurements.list(run)).toHaveLength(1);
    expect(Buffer.compare(await disk.read(file(9)), bytes)).toBe(0);
    expect(told).toEqual([
      `The checkpoints in ${FOLDER} are run ${run} of the store now. Nothing reads their files any more: they are the copy of before.`,
    ]);
  });

  test('[ST10] without a checkpoint is left alone', async () => {
    const { migrate, runs, told } = await world();
    await migrate();
    expect([await runs.newest(), told]).toEqual([null, []]);
  });

  test('[ST10] [CK6] whose newest checkpoint is damaged is refused by its name, and nothing is in the store', async () => {
    const { migrate, rows } = await world([3, earlierFile(3)], [9, earlierFile(9).subarray(0, 5000)]);
    const before = new Map(rows);
    const error: unknown = await migrate().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(StoreError);
    expect(String(error)).toContain(`${file(9)} cannot be used: the tensors take`);
    expect(String(error)).toContain('Moving this file away makes the checkpoint before it the newest.');
    expect(rows).toEqual(before);
  });

  test('[ST10] [CK6] with a file under the name of another version is refused', async () => {
    const { migrate } = await world([8, earlierFile(1)]);
    await expect(migrate()).rejects.toThrow('it holds version 1, not the one of its name');
  });

  test('[ST10] [CK16] in the format of another release is never said to be moved away', async () => {
    const bytes = Buffer.from(earlierFile(9));
    bytes.write('"format":"9"', bytes.indexOf('"format":"1"'));
    const { migrate } = await world([9, bytes]);
    await expect(migrate()).rejects.toThrow(
      `${file(9)} cannot be used: checkpoint format 9: this release reads format 1. Go on with the release that wrote it.`,
    );
  });

  test('[ST10] whose older checkpoint is damaged leaves that out, which is said', async () => {
    const { migrate, runs, checkpoints, told } = await world([3, new Uint8Array(9)], [9, earlierFile(9)]);
    await migrate();
    const run = (await runs.newest())?.row.run ?? '';
    expect((await checkpoints.list(run)).map(({ version }) => version)).toEqual([9]);
    expect(told[0]).toMatch(/checkpoint-0000000003.safetensors cannot be used: .* It is left out\.$/);
  });

  test.each<[string, number[], number, number[], number]>([
    ['set back while it ran', [10, 20, -3580], -3570, [10, 20, 20], 20],
    ['set back before its first measurement', [-3590], -3580, [0], 0],
    ['left alone', [10, 20], 30, [10, 20], 30],
  ])(
    '[TI2] of a machine whose date was %s goes on with a time that went forward',
    async (_, measured, seconds, after, from) => {
      const { migrate, runs, checkpoints, store, told } = await world([
        3,
        earlierFile(3, { seconds, measured }),
      ]);
      await migrate();
      const run = (await runs.newest())?.row.run ?? '';
      expect((await checkpoints.list(run))[0]?.seconds).toBe(from);
      expect((await store.measurements.list(run)).map(({ entry }) => entry.seconds)).toEqual(after);
      const said = `The time of the run in the checkpoint, ${seconds} s, ran backwards: it goes on from ${from} s.`;
      expect(told.slice(1)).toEqual(from === seconds ? [] : [said]);
    },
  );
});
