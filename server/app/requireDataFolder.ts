import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError } from '../config/config.ts';
import { flagOf } from '../config/flags.ts';
import { ROWS_FILE } from '../store/dataFolder.ts';
import { systemErrorMessage } from '../store/errors.ts';

/**
 * Refuses a folder that no server has kept anything in: a command that changes what is kept makes no new one [AD33].
 * @throws {ConfigError} naming the setting.
 */
export async function requireDataFolder(path: string): Promise<void> {
  try {
    await stat(join(path, ROWS_FILE));
  } catch (error) {
    throw new ConfigError(
      `${flagOf('dataDir')}: ${path} is no data folder of a server: ${systemErrorMessage(error)}`,
    );
  }
}
