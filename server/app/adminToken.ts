import { readFile } from 'node:fs/promises';
import { ConfigError, type Config } from '../config/config.ts';
import { flagOf } from '../config/flags.ts';
import { ADMIN_TOKEN_LENGTH } from '../config/settings/joining.ts';
import { systemErrorMessage } from '../store/errors.ts';

/**
 * The admin's token that the operator sets; null where none is.
 * @throws {ConfigError} where a file is given beside a token, cannot be read, or holds anything but one token [AD32].
 */
export async function adminTokenOf({
  adminToken,
  adminTokenFile,
}: Pick<Config, 'adminToken' | 'adminTokenFile'>): Promise<string | null> {
  if (adminTokenFile === null) return adminToken;
  const flag = flagOf('adminTokenFile');
  if (adminToken !== null) throw new ConfigError(`${flag}: cannot stand beside ${flagOf('adminToken')}`);
  let token: string;
  try {
    token = (await readFile(adminTokenFile, 'utf8')).trim();
  } catch (error) {
    throw new ConfigError(`${flag}: ${adminTokenFile} cannot be read: ${systemErrorMessage(error)}`);
  }
  if (/\s/.test(token)) throw new ConfigError(`${flag}: ${adminTokenFile} has more than one word`);
  const { least, most } = ADMIN_TOKEN_LENGTH;
  if (token.length < least || token.length > most) {
    throw new ConfigError(`${flag}: ${adminTokenFile} has no token of ${least} to ${most} characters`);
  }
  return token;
}
