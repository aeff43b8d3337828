import { machineCalendar, machineClock } from '../app/machineTime.ts';
import { requireDataFolder } from '../app/requireDataFolder.ts';
import { loadConfig } from '../config/config.ts';
import { renewToken } from '../http/adminSessions.ts';
import { DataFolder } from '../store/dataFolder.ts';
import { runCommand } from '../terminal/failure.ts';
import { messages, results } from '../terminal/output.ts';

/** `npm run token`: makes another admin's token in the data folder of a server that does not run. */

async function main(): Promise<number> {
  const { dataDir } = loadConfig('token');
  const path = dataDir ?? '.';
  await requireDataFolder(path);
  const folder = await DataFolder.open(path, machineClock, (line) => messages.line(line));
  try {
    results.line(await renewToken(folder.store, machineCalendar.today()));
  } finally {
    await folder.close();
  }
  messages.line(
    'This is the admin token from now on. It is kept as a hash alone: note it now. All sessions have ended.',
  );
  return 0;
}

await runCommand(main);
