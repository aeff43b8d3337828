import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The Python that references run on: that of the environment, or the one that a shell would find. */
const PYTHON = process.env['PYTHON'] ?? 'python3';
const LIMIT_MS = 600_000;

function run(args: readonly string[]): Promise<{ failed: string | null; output: string }> {
  return new Promise((resolve) => {
    execFile(PYTHON, args, { timeout: LIMIT_MS, maxBuffer: 1 << 26 }, (error, output, errors) => {
      const said = errors.trim().split('\n').at(-1) ?? '';
      resolve({ failed: error === null ? null : said || error.message, output });
    });
  });
}

/** What starts Python on the command line. */
export function pythonCommand(): string {
  return PYTHON;
}

/** Why a module cannot be imported, in a sentence; null where it can. */
export async function missingModule(module: string): Promise<string | null> {
  const { failed } = await run(['-c', `import ${module}`]);
  return failed === null ? null : `${PYTHON} cannot import ${module} (${failed}).`;
}

/** The versions of modules that can be imported. */
export async function moduleVersions(modules: readonly string[]): Promise<Record<string, string>> {
  const program = 'import sys; from importlib.metadata import version; print(*map(version, sys.argv[1:]))';
  const { output } = await run(['-c', program, ...modules]);
  const versions = output.trim().split(' ');
  return Object.fromEntries(modules.map((module, index) => [module, versions[index] ?? 'unknown']));
}

/** The JSON lines that a reference of this folder prints. @throws {Error} where it fails. */
export async function referenceLines(script: string, args: readonly string[] = []): Promise<unknown[]> {
  return jsonLines(script, [fileURLToPath(new URL(script, import.meta.url)), ...args]);
}

/** The JSON lines of a program that imports modules of this folder. @throws {Error} where it fails. */
export async function programLines(program: string): Promise<unknown[]> {
  const folder = JSON.stringify(fileURLToPath(new URL('.', import.meta.url)));
  return jsonLines('program', ['-c', `import sys\nsys.path.insert(0, ${folder})\n${program}`]);
}

async function jsonLines(name: string, args: readonly string[]): Promise<unknown[]> {
  const { failed, output } = await run(args);
  if (failed !== null) throw new Error(`${name}: ${failed}`);
  const lines = output.split('\n').filter((line) => line.startsWith('{'));
  return lines.map((line) => JSON.parse(line) as unknown);
}
