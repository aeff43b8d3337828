import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { adminTokenOf } from './adminToken.ts';
import { requireDataFolder } from './requireDataFolder.ts';

const TOKEN = 'abcdefgh-01234567';
let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tabswarm-token-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function fileWith(content: string): Promise<string> {
  const path = join(folder, 'token');
  await writeFile(path, content);
  return path;
}

describe('the token of the admin', () => {
  it('[AD27] is what the file has, without the end of its line', async () => {
    expect(await adminTokenOf({ adminToken: null, adminTokenFile: await fileWith(`${TOKEN}\r\n`) })).toBe(
      TOKEN,
    );
    expect(await adminTokenOf({ adminToken: TOKEN, adminTokenFile: null })).toBe(TOKEN);
    expect(await adminTokenOf({ adminToken: null, adminTokenFile: null })).toBeNull();
  });

  it.each([
    ['two lines', `${TOKEN}\n${TOKEN}\n`, 'has more than one word'],
    ['two words', `token ${TOKEN}`, 'has more than one word'],
    ['nothing', '\n', 'has no token of 16 to 128 characters'],
  ])('[AD32] is not in a file of %s, which is named', async (_what, content, why) => {
    const adminTokenFile = await fileWith(content);
    await expect(adminTokenOf({ adminToken: null, adminTokenFile })).rejects.toThrow(
      `--admin-token-file: ${adminTokenFile} ${why}`,
    );
  });

  it('[AD32] is not given twice', async () => {
    const adminTokenFile = await fileWith(TOKEN);
    await expect(adminTokenOf({ adminToken: TOKEN, adminTokenFile })).rejects.toThrow(
      '--admin-token-file: cannot stand beside --admin-token',
    );
  });
});

it('[AD33] a folder that no server has kept anything in is refused by name', async () => {
  await expect(requireDataFolder(join(folder, 'none'))).rejects.toThrow(
    `--data-dir: ${join(folder, 'none')} is no data folder of a server: `,
  );
  await expect(requireDataFolder(folder)).rejects.toThrow(`${folder} is no data folder of a server: `);
});
