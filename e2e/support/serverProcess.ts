import { startCommand, type CommandProcess } from './commandProcess.ts';
import type { Cleanup } from './testServer.ts';

/** `npm start` in a process of its own, on a free port of this machine; what scripted engines compute is not audited. */
export function startServerProcess(cleanup: Cleanup, flags: string[]): CommandProcess {
  return startCommand(cleanup, 'start', ['--port', '0', '--host', '127.0.0.1', '--audit-cpu', '0', ...flags]);
}
